"""The kiosk: a page on this computer's own address, as a screen and a pair of ears for a session.

state.py      one frozen picture of what stands on the page, and the board where the newest hangs
screen.py     what the session shows -> the board
ears.py       what the page sends -> the session
idle.py       when nobody seems to be there
guard.py      who may ask the server for anything
server.py     the page, its words, and one WebSocket a page                      [starlette, uvicorn, websockets]
keeper.py     brings the server back when it dies
browser.py    a browser in kiosk mode that leaves nothing behind
shown.py      opens it, and again when it dies or shows nothing
supervise.py  has one room after the other, each in a process of its own, and brings them back
process.py    one such room, seen from outside
heart.py      and from inside
wire.py       what the two tell each other
notify.py     what the service manager is told
page/         the page itself: plain HTML, CSS and JavaScript
"""

// The page: one WebSocket, the newest picture, and what the person does. All words come from facts.json.

import { Keys } from "./keys.js";
import { View } from "./view.js";

const RETRY = [300, 700, 1500, 3000, 5000]; // milliseconds until the next try
const SILENT = 12000; // milliseconds without a word of the server, after which it counts as lost
const FIRST_LOST = 900; // milliseconds that a loss may last before it is shown
const TREMBLING = 500; // milliseconds after a new question in which a touch belongs to the one before
const UNANSWERED = 1500; // milliseconds after which the page shows the emergency card by itself
const EVERY_SIGN = 2000; // milliseconds between two signs that somebody is there

class Page {
  constructor(facts) {
    this.facts = facts;
    this.state = null;
    this.socket = null;
    this.tries = 0;
    this.lastWord = 0;
    this.lastSign = { busy: 0, here: 0 };
    this.turnSince = 0;
    this.clearing = false; // somebody pressed stop: until all is cleared, nothing is shown
    this.view = new View(facts, this);
    this.keys = new Keys(facts, this, this.view);
    document.addEventListener("pointerdown", () => this.sign());
    setInterval(() => this.look(), 1000);
    this.connect();
  }

  // ---- the connection

  connect() {
    const socket = new WebSocket(`ws://${location.host}/live`);
    this.socket = socket;
    this.lastWord = performance.now();
    socket.onopen = () => {
      if (socket === this.socket && this.clearing) this.send({ clear: true });
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.take(JSON.parse(event.data));
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lose();
    };
  }

  lose() {
    this.socket = null;
    const wait = RETRY[Math.min(this.tries, RETRY.length - 1)];
    this.tries += 1;
    setTimeout(() => {
      if (this.socket === null || this.socket.readyState !== WebSocket.OPEN) this.view.lost();
    }, FIRST_LOST);
    setTimeout(() => this.connect(), wait);
  }

  look() {
    const silent = performance.now() - this.lastWord > SILENT;
    if (silent && this.socket !== null) {
      this.socket.onclose = null;
      this.socket.close();
      this.lose();
    }
    if (this.tries > 1 && (this.socket === null || this.socket.readyState !== WebSocket.OPEN)) this.view.lost();
  }

  take(state) {
    this.lastWord = performance.now();
    this.tries = 0;
    if (this.clearing && state.phase !== "standby") {
      if (state.hangs) this.view.notice(this.facts.words.hung);
      return;
    }
    this.clearing = false;
    const before = this.state;
    if (before === null || before.turn !== state.turn) this.turnSince = performance.now();
    this.state = state;
    this.keys.turn(before, state);
    if (before === null || before.number !== state.number || before.hangs !== state.hangs || this.view.isLost) {
      this.view.show(state);
    }
  }

  send(what) {
    if (this.socket === null || this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(what));
    return true;
  }

  // ---- what the person does

  // A moment after a new question, a second tap or a trembling key would answer what nobody read yet.
  get ready() {
    return performance.now() - this.turnSince > TREMBLING;
  }

  answer(key) {
    if (!this.state || !this.ready) return;
    if (this.send({ press: key, turn: this.state.turn })) this.view.answers.chosen(key);
  }

  type(text) {
    if (!this.state) return;
    this.send({ say: text.slice(0, 400), turn: this.state.turn });
  }

  command(name) {
    if (name === "emergency") this.emergency();
    else if (name === "stop") this.stop();
    else this.send({ press: name });
  }

  // All is gone at once; who leads the talk is told as soon as they answer again.
  stop() {
    this.state = null;
    this.clearing = true;
    this.view.blank();
    this.send({ clear: true });
  }

  // The page has the cards itself, for when the voice does not answer.
  emergency() {
    this.view.closeAll();
    if (!this.send({ press: "emergency" })) {
      this.view.ownCard(this.facts.general);
      return;
    }
    const number = this.state ? this.state.number : 0;
    setTimeout(() => {
      const answered = this.state && this.state.card && this.state.number !== number;
      if (!answered) this.view.ownCard(this.facts.general);
    }, UNANSWERED);
  }

  sign(busy = false) {
    const now = performance.now();
    const what = busy ? "busy" : "here"; // each by itself: a touch on a letter gives both
    if (now - this.lastSign[what] < EVERY_SIGN) return;
    this.lastSign[what] = now;
    this.send({ [what]: true });
  }
}

async function begin() {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await fetch("facts.json");
      if (answer.ok) return new Page(await answer.json());
    } catch {
      // the server is coming back
    }
    await new Promise((done) => setTimeout(done, RETRY[Math.min(tries, RETRY.length - 1)]));
  }
}

begin();

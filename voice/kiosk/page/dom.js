// Small things that every part of the page needs. Text is only ever put there as text.

export const one = (id) => document.getElementById(id);

const SHAPES = {
  emergency: "M12 5v8.5M12 18.9v.1",
  repeat: "M5 12a7 7 0 1 0 2.5-5.4M7.5 2.5v4.5h4.5",
  help: "M7 8.5a5 5 0 1 1 7.3 4.4c-1.6.8-2.3 1.6-2.3 3M12 21v.1",
  stop: "M6 6h12v12H6z",
  more: "M4 12h.2M12 12h.2M20 12h.2",
  skip: "M5 6l6 6-6 6M13 6l6 6-6 6",
  go_on: "M7 5l11 7-11 7z",
  next: "M7 5l11 7-11 7z",
  write: "M4 20l1-5L16 4l4 4L9 19z",
  close: "M6 6l12 12M18 6L6 18",
  clear: "M6 6l12 12M18 6L6 18",
  done: "M5 13l5 5 9-11",
  below: "M12 4v15M6 13l6 6 6-6",
  erase: "M9 6h11v12H9l-6-6zM12 10l4 4M16 10l-4 4",
  send: "M5 13l5 5 9-11",
};

// A shape beside a word; nothing where there is none of that name.
export function shape(name) {
  if (!SHAPES[name]) return null;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("shape");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

export function made(tag, text = "", className = "") {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (className) element.className = className;
  return element;
}

export function onPress(button, act) {
  button.addEventListener("click", (event) => {
    act();
    // After a touch, the next Space must not press the same button again; and the pointer needs no focus.
    if (event.detail > 0) button.blur();
  });
}

// Letters on the screen, for whoever has no keyboard: touched, or gone through row by row with two switches.

import { made, one, onPress, shape } from "./dom.js";

const ROWS = [
  [..."qwertyuiop"],
  [..."asdfghjkl'"],
  [..."zxcvbnm,.?"],
  ["close", "space", "erase", "send"],
];

export class Letters {
  constructor(words, page) {
    this.words = words;
    this.page = page;
    this.row = null; // the row that two switches are in
    one("typed-label").textContent = words.typing;
    one("rows").append(...ROWS.map((row, number) => this.made(row, number)));
    one("typing").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  made(row, number) {
    const box = made("div", "", number === ROWS.length - 1 ? "row ways" : "row");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `${this.words.row} ${number + 1}`);
    box.tabIndex = -1;
    for (const key of row) {
      const button = made("button");
      button.type = "button";
      button.dataset.letter = key;
      const sign = shape(key);
      if (sign) button.append(sign);
      button.append(made("span", this.words[key] ?? key, "label"));
      onPress(button, () => this.press(key));
      box.append(button);
    }
    return box;
  }

  get open() {
    return !one("letters").hidden;
  }

  // `field`: a real keyboard is there, so the field has the focus.
  show(field) {
    one("letters").hidden = false;
    this.row = null;
    this.page.view.settle();
    if (field) one("typed").focus();
    else if (this.page.keys.switches) one("rows").firstElementChild.focus();
    else document.activeElement?.blur();
  }

  close() {
    if (!this.open) return false;
    one("letters").hidden = true;
    one("typed").value = "";
    this.page.view.settle();
    return true;
  }

  press(key) {
    const typed = one("typed");
    this.page.sign(true);
    if (key === "close") this.close();
    else if (key === "send") this.send();
    else if (key === "erase") typed.value = typed.value.slice(0, -1);
    else if (typed.value.length < typed.maxLength) typed.value += key === "space" ? " " : key;
    typed.scrollLeft = typed.scrollWidth;
  }

  send() {
    const text = one("typed").value.trim();
    this.close();
    if (text) this.page.type(text);
  }

  // ---- with two switches: first a row, then a letter of it, or the row again to leave it

  scanned() {
    const rows = [...one("rows").children];
    return this.row === null ? rows : [...rows[this.row].children, rows[this.row]];
  }

  // True where nothing else is to be done.
  chooses(what) {
    const rows = [...one("rows").children];
    const row = this.row === null ? null : rows[this.row];
    if (row === null && rows.includes(what)) {
      this.row = rows.indexOf(what);
      what.firstElementChild.focus();
      return true;
    }
    if (row === null) return false;
    this.row = null;
    if (what !== row) what.click();
    if (this.open) row.focus();
    return true;
  }
}

// The answers as buttons: at most four beside each other, the rest after "more answers".

import { made, one, onPress, shape } from "./dom.js";

const AT_ONCE = 4;

export class Answers {
  // `press` takes an answer's key; `turned` is told of "more answers".
  constructor(words, press, turned) {
    this.words = words;
    this.press = press;
    this.turned = turned;
    this.at = 0; // first of those that are shown
    this.options = [];
    this.numbers = false;
    this.wasInside = false;
  }

  // `first`: from the beginning.
  show(options, { numbers = false, first = false } = {}) {
    if (first) this.at = 0;
    this.options = options;
    this.numbers = numbers && options.length > AT_ONCE;
    const paged = !this.numbers && options.length > AT_ONCE;
    const shown = paged ? options.slice(this.at, this.at + AT_ONCE - 1) : options;
    this.put(paged ? [...shown, { key: "more", label: this.words.more }] : shown);
  }

  put(buttons) {
    const box = one("answers");
    box.className = this.numbers ? "numbers" : ({ 1: "one", 3: "three" })[buttons.length] ?? "";
    const focused = [...box.children].indexOf(document.activeElement);
    if (focused >= 0) this.wasInside = true;
    else if (document.activeElement !== document.body) this.wasInside = false;
    // The same buttons again and again, so that whoever stands on one goes on standing there.
    while (box.children.length > buttons.length) box.lastElementChild.remove();
    while (box.children.length < buttons.length) box.append(this.slot());
    for (const [number, option] of buttons.entries()) this.fill(box.children[number], option);
    if (this.wasInside && buttons.length > 0 && !box.contains(document.activeElement)) {
      box.children[Math.min(Math.max(focused, 0), buttons.length - 1)].focus();
    }
  }

  slot() {
    const button = made("button");
    button.type = "button";
    onPress(button, () => (button.dataset.key === "more" ? this.turn() : this.press(button.dataset.key)));
    return button;
  }

  turn() {
    this.at = this.at + AT_ONCE - 1 >= this.options.length ? 0 : this.at + AT_ONCE - 1;
    this.show(this.options);
    this.turned();
  }

  fill(button, option) {
    button.dataset.key = option.key;
    button.classList.remove("chosen");
    const numbered = /^\d$/.test(option.key);
    button.classList.toggle("way", !/^\d+$/.test(option.key));
    const parts = [made("span", option.label, "label")];
    if (!this.numbers && numbered) {
      const key = made("span", option.key, "key");
      key.setAttribute("aria-hidden", "true");
      parts.unshift(key);
    } else if (!this.numbers) {
      const sign = shape(option.sign ?? option.key);
      if (sign) parts.unshift(sign);
    }
    button.replaceChildren(...parts);
  }

  chosen(key) {
    for (const button of one("answers").children) {
      if (button.dataset.key !== key || button.classList.contains("chosen")) continue;
      button.classList.add("chosen");
      if (!this.numbers) button.append(shape("done"));
    }
  }
}

// Word by word as it is said: estimated from the words a minute, since no engine says where it is.

import { made } from "./dom.js";

export class Follow {
  constructor() {
    this.timers = [];
  }

  spell(p, line) {
    for (const [number, word] of line.split(" ").entries()) {
      if (number > 0) p.append(" ");
      p.append(made("span", word, "word"));
    }
  }

  // `seen` is told of each word that is due.
  begin(p, state, seen) {
    const words = [...p.querySelectorAll(".word")];
    const each = 60 / state.pace;
    let at = -state.age;
    for (const [number, span] of words.entries()) {
      const text = span.textContent;
      const begins = at;
      at += each * (0.45 + 0.55 * (Math.min(text.length, 12) / 4.6));
      if (/[.?!:]$/.test(text)) at += 0.35;
      else if (/[,;]$/.test(text)) at += 0.15;
      if (at <= 0) continue;
      this.later(begins, () => {
        if (number > 0) words[number - 1].classList.remove("now");
        span.classList.add("now");
        seen(span);
      });
    }
    this.later(at, () => words.at(-1)?.classList.remove("now"));
  }

  later(seconds, act) {
    this.timers.push(setTimeout(act, Math.max(0, seconds * 1000)));
  }

  stop() {
    this.timers.forEach(clearTimeout);
    this.timers = [];
    for (const word of document.querySelectorAll(".word.now")) word.classList.remove("now");
  }
}

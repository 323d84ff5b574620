// Whether everything has room beside each other, and what is scrolled where it has not.

import { one, onPress, shape } from "./dom.js";

const CARD = [1.7, 1.55, 1.4, 1.28, 1.18, 1.08, 1]; // sizes of a card's lines, in letters: the largest that has room
const PART = 0.8; // of what is in sight is scrolled at a time

const root = document.documentElement;

export class Fit {
  constructor(words) {
    const below = one("below");
    below.append(shape("below"));
    below.setAttribute("aria-label", words.further);
    onPress(below, () => {
      const scrolled = this.scrolled;
      scrolled.scrollBy({ top: scrolled.clientHeight * PART });
    });
    addEventListener("resize", () => this.again());
    document.addEventListener("scroll", () => this.hint(), true);
  }

  // `zoom`: how many times larger than at first the letters are.
  zoom(zoom) {
    root.style.setProperty("--zoom", zoom);
    const letter = parseFloat(getComputedStyle(root).fontSize);
    const low = innerHeight / (letter / zoom) < 19;
    // What is always there stays in sight: it grows less than what is read.
    root.style.setProperty("--frame", low ? 1 : Math.min(zoom, 1.4));
    this.again();
  }

  again() {
    const letter = parseFloat(getComputedStyle(root).fontSize);
    const frame = document.querySelector("header").offsetHeight + one("bar").offsetHeight;
    const high = (innerHeight - frame) / letter;
    const wide = innerWidth / letter;
    root.classList.toggle("tight", high < 10 || wide < 21);
    root.classList.toggle("short", high < 14);
    root.classList.toggle("narrow", wide < 14);
    root.classList.toggle("tiny", innerHeight < 300);
    this.card();
    this.reachable();
  }

  // A card's letters are as large as there is room for.
  card() {
    const scene = one("scene");
    if (one("card").hidden) return;
    for (const size of root.classList.contains("tight") ? CARD.slice(-1) : CARD) {
      one("card").style.setProperty("--size", size);
      if (scene.scrollHeight <= scene.clientHeight) return;
    }
  }

  get scrolled() {
    if (root.classList.contains("tiny")) return root;
    if (root.classList.contains("tight")) return document.querySelector("main");
    return one("more").hidden && one("letters").hidden ? one("scene") : one("more").hidden ? one("letters") : one("more");
  }

  // What has no room is scrolled; by keyboard too.
  reachable() {
    for (const each of [one("scene"), one("more"), document.querySelector("main")]) {
      if (each === this.scrolled && each.scrollHeight > each.clientHeight + 1) each.tabIndex = 0;
      else each.removeAttribute("tabindex");
    }
    this.hint();
  }

  hint() {
    const scrolled = this.scrolled;
    const below = one("below");
    below.hidden = scrolled.scrollHeight - scrolled.clientHeight - scrolled.scrollTop < 12;
    const end = Math.min(innerHeight, scrolled.getBoundingClientRect().bottom);
    below.style.bottom = `${innerHeight - end + 8}px`;
  }

  // Nothing is what comes first. `top`: it is to stand at the top, with what comes after it below.
  inSight(what, top) {
    this.reachable();
    const scrolled = this.scrolled;
    if (!what) scrolled.scrollTop = 0;
    if (!what || scrolled.scrollHeight <= scrolled.clientHeight) return;
    const edge = scrolled === root ? 0 : scrolled.getBoundingClientRect().top;
    const begins = what.getBoundingClientRect().top - edge + scrolled.scrollTop;
    const over = begins + what.offsetHeight - scrolled.clientHeight;
    scrolled.scrollTop = top ? begins : Math.min(begins, Math.max(0, over));
  }
}

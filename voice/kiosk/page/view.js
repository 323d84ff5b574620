// What stands on the page: the newest picture, with the panels that the page has of its own.

import { Answers } from "./answers.js";
import { showCard } from "./card.js";
import { made, one, onPress, shape } from "./dom.js";
import { Fit } from "./fit.js";
import { Follow } from "./follow.js";
import { Help } from "./help.js";
import { Letters } from "./letters.js";

const ZOOMS = [1, 1.25, 1.5, 2];
const LETTER = 24; // points of a letter at first

const root = document.documentElement;

export class View {
  constructor(facts, page) {
    this.facts = facts;
    this.page = page;
    this.isLost = false;
    this.own = null; // a card that the page shows by itself
    this.turn = -1;
    this.told = "";
    this.fit = new Fit(facts.words);
    this.follow = new Follow();
    this.answers = new Answers(facts.words, (key) => this.press(key), () => {
      page.sign(true);
      if (root.classList.contains("tight")) this.fit.inSight(one("answers"), true);
    });
    this.help = new Help(facts, page, () => this.owned());
    this.letters = new Letters(facts.words, page);
    this.words();
    this.reset();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.dress());
  }

  // ---- once

  words() {
    const words = this.facts.words;
    document.title = document.querySelector("h1").textContent = words.title;
    const texts = { title: "title", about: "about", "plan-title": "plan", "heard-word": "heard", "more-title": "help_title" };
    for (const [id, name] of Object.entries({ ...texts, "stop-means": "stop_means" })) one(id).textContent = words[name];
    one("bar").setAttribute("aria-label", words.always);
    one("answers").setAttribute("aria-label", words.answers);
    one("more-host").textContent = this.facts.host;
    one("more-host").hidden = !this.facts.host;
    one("room").replaceChildren(...this.facts.standby.map((line) => made("p", line)));
    one("heard").prepend(shape("done"));
    for (const name of ["emergency", "repeat", "help", "stop"]) {
      const button = one(name);
      button.append(shape(name), made("span", words[name], "label"));
      onPress(button, () => {
        if (name === "help") this.help.show();
        if (name === "repeat") this.closeAll();
        this.page.command(name);
      });
    }
  }

  // As the room has it: for the first person, and for each one after.
  reset() {
    this.zoom = Math.max(0, ZOOMS.findIndex((zoom) => zoom * LETTER >= this.facts.letters));
    this.theme = this.facts.theme || null;
    this.reads = false;
    this.closeAll();
    one("typed").value = "";
    one("reader").replaceChildren();
    this.told = "";
    if (this.page.keys) this.page.keys.reset(this.facts);
    this.dress();
  }

  dress() {
    const dark = this.theme === null ? matchMedia("(prefers-color-scheme: dark)").matches : this.theme === "dark";
    root.dataset.theme = dark ? "dark" : "light";
    this.fit.zoom(ZOOMS[this.zoom]);
  }

  // ---- the newest picture

  show(state) {
    const words = this.facts.words;
    this.isLost = false;
    if (state.phase === "standby" && this.turn !== state.turn && this.turn !== -1) this.reset();
    const isNew = this.turn !== state.turn;
    if (isNew) this.letters.close();
    if ((state.card && isNew) || state.asks) this.closeAll();
    if (state.card) this.own = null;
    const phase = state.asks && state.phase === "over" ? "listening" : state.phase;
    const turn = state.hears ? words.listening : words.your_turn;
    const named = { speaking: words.speaking, paused: words.paused, listening: turn };
    document.body.dataset.phase = phase;
    one("phase-word").textContent = named[phase] ?? words.waiting;
    this.place(state);
    this.heard(state);
    this.notice([...state.troubles, ...(state.hangs ? [words.hung] : [])].filter(Boolean).join(" "));
    if (this.own === null) {
      this.scene(state);
      this.answers.show(this.optionsOf(state), { numbers: state.kind === "number", first: isNew });
    }
    this.turn = state.turn;
    this.fit.again();
    const last = state.card ? one("card-lines").querySelector(".now") : one("said").lastElementChild;
    const first = phase === "standby" || (state.card && isNew);
    this.fit.inSight(first ? null : last, phase !== "speaking" && !state.card);
    this.tell(state);
  }

  optionsOf(state) {
    const words = this.facts.words;
    const clear = { key: "clear", label: words.still_gone };
    if (state.phase === "standby") return state.open ? [{ key: "go_on", label: words.begin, sign: "none" }] : [];
    if (state.phase === "over") return state.asks ? [{ key: "repeat", label: words.still_here }, clear] : [clear];
    const write = { key: "write", label: words.write };
    if (state.kind === "free" && state.options.length > 0) return [write, ...state.options];
    return state.kind === "feeling" && state.options.length > 0 ? [...state.options, write] : state.options;
  }

  press(key) {
    if (this.own !== null && key === "close") this.closeOwn();
    else if (this.own !== null) this.ownCard(key);
    else if (key === "clear") this.page.stop();
    else if (key === "write") {
      this.letters.show(false);
      this.page.sign(true);
    } else this.page.answer(key);
  }

  place(state) {
    const there = state.place && !state.card;
    one("place").textContent = there ? state.place : "";
    one("steps").replaceChildren(
      ...Array.from({ length: there ? state.parts : 0 }, (_, at) => made("i", "", at < state.part ? "been" : "")),
    );
  }

  heard(state) {
    const shown = state.heard && !state.card && state.options.length === 0 && !["standby", "over"].includes(state.phase);
    one("heard").hidden = !shown;
    one("heard-what").textContent = shown ? state.heard : "";
  }

  scene(state) {
    const waits = state.phase === "standby";
    showCard(state.card);
    one("welcome").hidden = !waits;
    one("said").hidden = state.card !== null && !state.asks;
    const lines = waits && state.open ? [...state.lines, this.facts.words.begin_how] : state.lines;
    one("room").hidden = !waits || this.facts.standby.length === 0;
    const paragraphs = lines.map((line, number) => {
      const said = number === state.saying;
      const p = made("p", "", said || number === lines.length - 1 ? "now" : "");
      if (said && state.voice) this.follow.spell(p, line);
      else p.textContent = line;
      return p;
    });
    this.follow.stop();
    one("said").replaceChildren(...paragraphs);
    if (state.saying >= 0 && state.voice) {
      const seen = (word) => this.fit.inSight(word, false);
      this.follow.begin(paragraphs[state.saying], state, paragraphs[state.saying].offsetHeight > one("scene").clientHeight ? seen : () => {});
    }
    one("plan").hidden = state.plan.length === 0;
    one("plan-lines").replaceChildren(...state.plan.map((line) => made("li", line)));
  }

  // Somebody pressed stop: nothing of it is left, whether or not anybody answers.
  blank() {
    this.closeAll();
    this.follow.stop();
    showCard(null);
    one("said").replaceChildren(made("p", this.facts.words.clearing, "now"));
    one("said").hidden = false;
    one("plan").hidden = one("heard").hidden = one("welcome").hidden = one("room").hidden = true;
    one("plan-lines").replaceChildren();
    one("heard-what").textContent = one("place").textContent = one("reader").textContent = "";
    one("steps").replaceChildren();
    this.answers.show([]);
    this.fit.again();
  }

  // ---- the page's own card, for when nothing else answers

  ownCard(id) {
    const card = this.facts.cards.find((each) => each.id === id);
    if (!card) return;
    this.own = id;
    this.follow.stop();
    showCard(card);
    for (const hidden of ["said", "plan", "heard", "welcome", "room"]) one(hidden).hidden = true;
    const choices = id === this.facts.general ? this.facts.choices : [];
    const first = id === this.facts.general ? [] : [{ key: this.facts.general, label: this.facts.words.wrong, sign: "help" }];
    this.answers.show([...choices, ...first, { key: "close", label: this.facts.words.close }], { first: true });
    this.fit.again();
  }

  closeOwn() {
    if (this.own === null) return false;
    this.own = null;
    showCard(null);
    this.turn = -1;
    if (this.page.state) {
      const lost = this.isLost;
      this.show(this.page.state);
      if (lost) this.lost();
    }
    return true;
  }

  // ---- what the page does itself

  owned() {
    const again = (act) => () => {
      this.page.sign(true);
      act();
      this.help.show();
    };
    const dark = root.dataset.theme === "dark";
    const { keys } = this.page;
    return {
      bigger: [again(() => this.size(1)), null],
      smaller: [again(() => this.size(-1)), null],
      dark: [again(() => this.wear(dark ? "light" : "dark")), dark],
      reader: [again(() => (this.reads = !this.reads)), this.reads],
      switches: [again(() => keys.useSwitches(!keys.switches)), keys.switches],
    };
  }

  size(step) {
    this.zoom = Math.max(0, Math.min(ZOOMS.length - 1, this.zoom + step));
    this.dress();
  }

  wear(theme) {
    this.theme = theme;
    this.dress();
  }

  // ---- panels

  // True where something was open that could be closed.
  close() {
    return this.closeOwn() || this.letters.close() || this.help.close();
  }

  closeAll() {
    while (this.close());
  }

  settle() {
    one("talk").hidden = this.help.open || this.letters.open;
    this.fit.again();
  }

  beginTyping() {
    const { state } = this.page;
    if (!state || state.phase === "standby" || state.phase === "over") return;
    if (!this.letters.open) this.closeAll();
    this.letters.show(true);
  }

  // What two switches go through, in order.
  scanned() {
    const inside = this.letters.open ? this.letters.scanned() : this.help.open ? this.help.buttons : [...one("answers").children];
    return this.letters.row === null || !this.letters.open ? [...inside, ...one("bar").querySelectorAll("button")] : inside;
  }

  choose(what) {
    if (this.letters.open && this.letters.chooses(what)) return;
    what.click();
  }

  // ---- for screen readers: what the voice says is not said twice

  tell(state) {
    const aloud = !state.voice || this.reads;
    const lines = state.card ? [state.card.number, state.card.title, ...state.card.lines] : state.lines.slice(-1);
    const text = aloud ? lines.filter(Boolean).join(" ") : "";
    const mark = `${state.turn} ${text}`;
    if (mark === this.told) return;
    this.told = mark;
    one("reader").textContent = text;
  }

  // ---- trouble

  notice(text) {
    const box = one("notice");
    if (box.textContent !== text) box.textContent = text;
    box.hidden = !text;
  }

  lost() {
    this.isLost = true;
    this.follow.stop();
    this.letters.close();
    document.body.dataset.phase = this.page.state?.phase === "standby" ? "standby" : "over";
    one("phase-word").textContent = this.facts.words.waiting;
    this.notice(this.facts.words.lost);
    if (this.own === null) this.answers.show([]);
    this.fit.again();
  }
}

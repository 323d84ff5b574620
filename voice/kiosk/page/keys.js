// Keys: the same as in the terminal, and two switches that go through everything.

const COMMANDS = {
  Escape: "stop",
  " ": "pause",
  Enter: "repeat",
  ArrowLeft: "back",
  ArrowRight: "skip",
  ArrowUp: "louder",
  ArrowDown: "softer",
  "-": "slower",
  "+": "faster",
  "=": "faster",
  "?": "help",
  F1: "emergency",
  F2: "help",
  F3: "where_am_i",
  F4: "done",
  End: "done",
  Delete: "delete_that",
};
const WHILE_TYPING = ["Escape", "ArrowUp", "ArrowDown", "F1", "F2", "F3"];
const WAIT_FOR_TEN = 1200; // milliseconds that a "1" waits for a "0" where a number is asked for
const ONE_PRESS = 500; // milliseconds within which the same key again is one press
const ONE_STEP = 220; // milliseconds within which a switch pressed again is one press
const STEPS = ["louder", "softer", "slower", "faster"];

export class Keys {
  constructor(facts, page, view) {
    this.page = page;
    this.view = view;
    this.commands = { ...COMMANDS, [facts.help_key.length > 1 ? facts.help_key : facts.help_key.toLowerCase()]: "emergency" };
    this.switch = facts.switch.length === 2 ? facts.switch : null;
    this.last = { key: "", at: -Infinity };
    this.one = null;
    document.addEventListener("keydown", (event) => this.down(event), true);
  }

  get switches() {
    return this.switch !== null;
  }

  useSwitches(on) {
    this.switch = on ? [" ", "Enter"] : null;
  }

  // A new person begins with the room's own keys.
  reset(facts) {
    this.switch = facts.switch.length === 2 ? facts.switch : null;
  }

  turn(before, state) {
    if (before && before.turn !== state.turn) this.forgetOne();
  }

  down(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.switch && this.switch.includes(event.key)) {
      event.preventDefault();
      if (!event.repeat) this.switched(event.key);
      return;
    }
    const field = document.activeElement instanceof HTMLInputElement;
    const command = this.commands[event.key];
    if (event.key === "Escape" && this.view.close()) {
      event.preventDefault();
      return;
    }
    if (field && !(command && WHILE_TYPING.includes(event.key))) {
      if (!event.repeat) this.page.sign(true); // something may lie on a key
      return;
    }
    if (this.view.letters.open && event.key.length === 1 && event.key !== " ") {
      this.view.beginTyping();
      this.page.sign(true);
      return;
    }
    const onButton = document.activeElement instanceof HTMLButtonElement;
    if (onButton && (event.key === "Enter" || event.key === " ")) {
      if (event.repeat) event.preventDefault();
      return;
    }
    if (event.repeat && !STEPS.includes(command)) {
      if (command) event.preventDefault();
      return;
    }
    if (/^[0-9]$/.test(event.key)) {
      event.preventDefault();
      this.digit(event.key);
    } else if (command) {
      event.preventDefault();
      if (this.again(event.key) && !STEPS.includes(command)) return;
      if (command === "help") this.view.help.show();
      this.page.command(command === "pause" && this.paused ? "go_on" : command);
    } else if (event.key.length === 1 && this.waits) {
      event.preventDefault();
      this.page.command("go_on"); // any key begins
    } else if (event.key.length === 1) {
      this.view.beginTyping(); // the letter falls into the field
      this.page.sign(true);
    }
  }

  get waits() {
    return this.page.state !== null && this.page.state.phase === "standby";
  }

  get paused() {
    return this.page.state !== null && this.page.state.phase === "paused";
  }

  again(key) {
    const now = performance.now();
    const same = this.last.key === key && now - this.last.at < ONE_PRESS;
    this.last = { key, at: now };
    return same;
  }

  digit(key) {
    const state = this.page.state;
    if (!state) return;
    if (this.one !== null) {
      this.forgetOne();
      if (key === "0") this.page.answer("10");
      else this.page.answer("1");
      return;
    }
    if (this.again(key)) return;
    const known = !this.waits && state.options.some((option) => option.key === key);
    if (state.kind === "number" && key === "1") {
      this.one = setTimeout(() => {
        this.one = null;
        this.page.answer("1");
      }, WAIT_FOR_TEN);
    } else if (known || (key === "0" && !this.waits)) {
      this.page.answer(key);
    } else if (this.waits) {
      this.page.command("go_on");
    }
  }

  forgetOne() {
    clearTimeout(this.one);
    this.one = null;
  }

  // ---- two switches: the first goes on to the next thing, the second chooses it

  switched(key) {
    const now = performance.now();
    if (this.last.key === key && now - this.last.at < ONE_STEP) return;
    this.last = { key, at: now };
    this.page.sign(true);
    const all = this.view.scanned();
    const at = all.indexOf(document.activeElement);
    if (key === this.switch[0]) all[(at + 1) % all.length].focus();
    else if (at >= 0) this.view.choose(all[at]);
    else if (all.length > 0) all[0].focus();
  }
}

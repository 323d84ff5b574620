// Help: everything else that can be done, in three groups.

import { made, one, onPress, shape } from "./dom.js";

const TALK = [
  ["what", "help"],
  ["pause", "pause"],
  ["back", "back"],
  ["skip", "skip"],
  ["where", "where_am_i"],
  ["delete", "delete_that"],
  ["done", "done"],
  ["print", "print_plan"],
];
const VOICE = [
  ["slower", "slower"],
  ["faster", "faster"],
  ["louder", "louder"],
  ["softer", "softer"],
];
const STAY = ["slower", "faster", "louder", "softer"];

export class Help {
  // `page` does commands, and `own` what the page does itself: name -> [act, whether it is on, or null].
  constructor(facts, page, own) {
    this.words = facts.words;
    this.prints = facts.commands.includes("print_plan");
    this.page = page;
    this.own = own;
    const close = this.button("close", () => this.close());
    close.prepend(shape("close"));
    document.querySelector("#more .top").append(close);
  }

  get open() {
    return !one("more").hidden;
  }

  show() {
    const opened = !this.open;
    const box = one("more-groups");
    const at = this.buttons.indexOf(document.activeElement);
    const plan = this.page.state ? this.page.state.plan.length : 0;
    const offered = ([name]) => name !== "print" || (plan > 0 && this.prints);
    const commands = (list) => list.map(([name, command]) => this.button(name, () => this.does(command)));
    const own = Object.entries(this.own()).map(([name, [act, on]]) => this.button(name, act, on));
    box.replaceChildren(
      this.group("group_talk", commands(TALK.filter(offered))),
      this.group("group_voice", commands(VOICE)),
      this.group("group_page", own),
    );
    one("more").hidden = false;
    this.page.view.settle();
    if (opened) this.buttons[0].focus({ focusVisible: this.page.keys.switches });
    else if (at >= 0) this.buttons[at].focus();
  }

  close() {
    if (!this.open) return false;
    one("more").hidden = true;
    this.page.view.settle();
    return true;
  }

  get buttons() {
    return [...one("more").querySelectorAll("button")];
  }

  group(name, buttons) {
    const group = made("div", "", "group");
    const title = made("h3", this.words[name]);
    title.id = name;
    const box = made("div", "", "buttons");
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", name);
    box.append(...buttons);
    group.append(title, box);
    return group;
  }

  button(name, act, on = null) {
    const button = made("button");
    button.type = "button";
    button.dataset.name = name;
    button.append(made("span", this.words[name], "label"));
    if (on !== null) {
      button.setAttribute("aria-pressed", String(on));
      button.prepend(made("span", "", "box"));
      if (on) button.firstElementChild.append(shape("done"));
    }
    onPress(button, act);
    return button;
  }

  does(command) {
    this.page.sign(true);
    if (!STAY.includes(command)) this.close();
    this.page.command(command);
  }
}

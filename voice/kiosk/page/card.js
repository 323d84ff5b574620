// A crisis card: the number first. The page has all cards itself, for when nothing else answers.

import { made, one } from "./dom.js";

export function showCard(card) {
  one("card").hidden = !card;
  document.body.classList.toggle("on-card", Boolean(card));
  if (!card) {
    one("card-lines").replaceChildren();
    one("card-number").textContent = one("card-title").textContent = "";
    return;
  }
  one("card").classList.toggle("quiet", card.quiet);
  one("card-number").textContent = card.number;
  one("card-number").hidden = !card.number;
  one("card-number").classList.toggle("long", card.number.length > 4);
  one("card-title").textContent = card.title;
  one("card-lines").replaceChildren(
    ...card.lines.map((line, number) => {
      const item = made("li", line);
      if (number === card.line) {
        item.className = "now";
        item.setAttribute("aria-current", "step");
      }
      return item;
    }),
  );
}

// One switch for every folded cell of code. Without scripts the switch stays hidden and each fold works alone.
"use strict";
const codeSwitch = document.getElementById("code-switch");
const folds = document.querySelectorAll("details.code");
codeSwitch.hidden = false;
codeSwitch.addEventListener("click", () => {
  const shown = codeSwitch.getAttribute("aria-pressed") !== "true";
  codeSwitch.setAttribute("aria-pressed", shown);
  for (const fold of folds) fold.open = shown;
});

/* <input data-money>: groups thousands while typing. What is sent carries no grouping, and paste is never refused. */
function group(text) {
  const [whole, ...rest] = text.replace(/[^\d.]/g, "").split(".");
  const grouped = whole.replace(/^0+(?=\d)/, "").replace(/\B(?=(\d{3})+$)/g, ",");
  return rest.length ? `${grouped || "0"}.${rest.join("")}` : grouped;
}

function caretAfter(text, characters) {
  let position = 0;
  for (let left = characters; left > 0 && position < text.length; position += 1) {
    if (text[position] !== ",") left -= 1;
  }
  return position;
}

function regroup(input) {
  if (/[^\d.,\s₦]/.test(input.value)) return;
  const before = input.value.slice(0, input.selectionStart).replace(/[^\d.]/g, "").length;
  input.value = group(input.value);
  if (document.activeElement === input) {
    const caret = caretAfter(input.value, before);
    input.setSelectionRange(caret, caret);
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches("input[data-money]") && !event.isComposing) regroup(event.target);
});

document.addEventListener("formdata", (event) => {
  for (const input of event.target.querySelectorAll("input[data-money][name]")) {
    if (event.formData.has(input.name)) event.formData.set(input.name, input.value.replaceAll(",", ""));
  }
});

document.querySelectorAll("input[data-money]").forEach(regroup);

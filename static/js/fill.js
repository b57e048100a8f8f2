/* <a href="?amount=…" data-fill="input id" data-value="text">: fills the field in place; a link that does so without this. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-fill]");
  const input = link && document.getElementById(link.dataset.fill);
  if (!input || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  input.value = link.dataset.value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
});

/* [data-dialog-open="id"] opens <dialog id>; [data-dialog-close] and a click on the backdrop close it.
   The opener should be a link to a page that does the same without this. */
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  const dialog = opener && document.getElementById(opener.dataset.dialogOpen);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  if (event.target.closest("[data-dialog-close]") || event.target.matches("dialog[open]")) {
    event.target.closest("dialog").close();
  }
});

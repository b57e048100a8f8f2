/* <button hidden data-share="address" data-share-text="…">: shown only where the device has a way to share. */
function reveal(scope) {
  if (!navigator.share) return;
  for (const button of scope.querySelectorAll("[data-share][hidden]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-share]");
  if (!button) return;
  try {
    await navigator.share({ url: button.dataset.share, text: button.dataset.shareText });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
});

reveal(document);
document.addEventListener("htmx:load", (event) => reveal(event.target));

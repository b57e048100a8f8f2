/* <div data-picture-check> round a form that sends a picture: shows what was chosen, and says at once what the server
   would refuse: another kind of file, too large, too small, too dark. The server looks again, and closer. */
const LOOKED_AT = 160;
const DARKEST = 45;

function say(box, text) {
  const said = box.querySelector("[data-upload-said]");
  said.textContent = text;
  said.classList.toggle("upload__said--bad", Boolean(text));
}

/** Draws a picture into a canvas, upright, so many pixels on its longer side. */
function draw(canvas, picture, longest) {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
}

/** How bright a picture is, from 0 to 255. */
function brightness(picture) {
  const canvas = document.createElement("canvas");
  draw(canvas, picture, LOOKED_AT);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum += 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
  return sum / (data.length / 4);
}

/** What is wrong with a file, in words; nothing for a good one. Shows it where it is a picture. */
async function fault(box, file) {
  const { types, mostBytes, shortest, wrongType, tooLarge, tooSmall, tooDark } = box.dataset;
  if (file.type && !types.split(",").includes(file.type)) return wrongType;
  if (file.size > Number(mostBytes)) return tooLarge;
  if (!file.type.startsWith("image/")) return "";
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return wrongType;
  }
  const shown = box.querySelector("[data-picture-shown]");
  draw(shown, picture, 640);
  shown.hidden = false;
  if (Math.min(picture.width, picture.height) < Number(shortest)) return tooSmall;
  return brightness(picture) < DARKEST ? tooDark : "";
}

function bind(box) {
  box.addEventListener("change", async (event) => {
    const input = event.target;
    const file = input.files?.[0];
    box.querySelector("[data-picture-shown]").hidden = true;
    if (!file) return;
    const words = await fault(box, file);
    if (!words || input.files[0] !== file) return;
    input.value = "";
    box.querySelector("[data-upload-state]").hidden = true;
    say(box, words);
  });
}

for (const box of document.querySelectorAll("[data-picture-check]")) bind(box);

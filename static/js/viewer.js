/* <section data-viewer>: one [data-viewer-page] at a time, with [data-viewer-do] to go on, turn it and make it larger.
   Without this all pages stand one below the other. */
const STEP = 0.5;
const LEAST = 1;
const MOST = 4;

function put(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_whole, name) => values[name]);
}

function start(viewer) {
  const pages = [...viewer.querySelectorAll("[data-viewer-page]")];
  if (!pages.length) return;
  const said = viewer.querySelector("[data-viewer-said]");
  const looks = pages.map(() => ({ turn: 0, zoom: 1 }));
  let now = 0;

  function draw() {
    pages.forEach((page, number) => (page.hidden = number !== now));
    const picture = pages[now].querySelector(".viewer__picture");
    picture?.style.setProperty("--turn", `${looks[now].turn}deg`);
    picture?.style.setProperty("--zoom", looks[now].zoom);
  }

  function say(text, values) {
    said.textContent = put(text, values);
  }

  function show(number) {
    now = (number + pages.length) % pages.length;
    draw();
    say(viewer.dataset.said, { number: now + 1, count: pages.length, title: pages[now].dataset.title });
  }

  function turn() {
    looks[now].turn += 90;
    draw();
    say(viewer.dataset.saidTurned, { degrees: looks[now].turn % 360 });
  }

  function zoom(by) {
    looks[now].zoom = Math.min(MOST, Math.max(LEAST, looks[now].zoom + by));
    draw();
    say(viewer.dataset.saidZoomed, { percent: looks[now].zoom * 100 });
  }

  const deeds = {
    next: () => show(now + 1),
    previous: () => show(now - 1),
    turn,
    larger: () => zoom(STEP),
    smaller: () => zoom(-STEP),
  };
  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-viewer-do]");
    if (button) deeds[button.dataset.viewerDo]();
  });
  viewer.classList.add("viewer--on");
  viewer.querySelector("[data-viewer-tools]").hidden = false;
  show(0);
}

document.querySelectorAll("[data-viewer]").forEach(start);

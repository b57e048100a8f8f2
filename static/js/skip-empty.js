/* <form method="get" data-skip-empty>: fields left empty stay out of the address. */
document.addEventListener("formdata", (event) => {
  if (!event.target.matches("[data-skip-empty]")) return;
  for (const [name, value] of [...event.formData]) {
    if (value === "") event.formData.delete(name);
  }
});

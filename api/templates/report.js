const columns = [...document.querySelectorAll("details.column")].map((element) => ({
  element,
  type: element.dataset.type,
  text: element.textContent.toLowerCase(),
}));
const [search, type, open, shown] = ["search", "type", "open", "shown"].map((id) => document.getElementById(id));
if (search) {
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const column of columns) {
      const fits = (!type.value || column.type === type.value) && words.every((word) => column.text.includes(word));
      column.element.hidden = !fits;
      count += fits;
    }
    shown.value = `${count} of ${columns.length}`;
  };
  search.form.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", filter);
  type.addEventListener("change", filter);
  open.addEventListener("click", () => {
    const closed = columns.filter(({ element }) => !element.hidden && !element.open);
    const visible = columns.filter(({ element }) => !element.hidden);
    for (const { element } of visible) element.open = closed.length > 0;
    open.textContent = closed.length > 0 ? "Close all" : "Open all";
  });
  filter();
}
// A link to a column opens it.
const show = () => {
  const column = document.getElementById(location.hash.slice(1));
  if (column?.matches("details.column")) column.open = true;
};
addEventListener("hashchange", show);
show();

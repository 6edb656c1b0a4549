/* Runs before the page is painted, so that a link to a view shows that view and nothing else first. */
document.documentElement.dataset.door = /^#(learn|build)(&|$)/.exec(location.hash)?.[1] ?? "tune";

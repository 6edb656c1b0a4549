/** What stands in the title bar, and where the first link of a view leads. */
export const doors = {
  tune: { name: "Tune", title: "nearmiss: search that learns from its near misses", skip: "Skip to search" },
  learn: { title: "Learn: nearmiss", skip: "Skip to the lesson" },
  build: { title: "Build: nearmiss", skip: "Skip to the playground" },
};

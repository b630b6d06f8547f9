// Shows a tree of tags and text. Text goes in as text nodes; a click on a part that names an act is told to the server.

import { h } from "vue";

export default {
  props: { tree: String, root: { type: String, default: "div" } },
  computed: {
    parts() { return JSON.parse(this.tree); },
  },
  render() {
    const draw = (node) => {
      if (typeof node === "string") return node;
      const [tag, given, parts] = node;
      const { "data-act": act, ...attributes } = given;
      const onClick = act === undefined ? undefined : (event) => {
        if (tag === "a") {
          // A link is the page's to follow, but for one that is opened elsewhere.
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
        }
        this.$emit("act", act);
      };
      return h(tag, act === undefined ? attributes : { ...attributes, "data-act": act, onClick }, parts.map(draw));
    };
    return h(this.root, this.parts.map(draw));
  },
};

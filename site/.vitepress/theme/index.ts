import { useRoute } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import { nextTick, onMounted, watch } from "vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  setup() {
    const route = useRoute();
    // the theme's first page has no <main>, which others have inside
    const markMain = async () => {
      await nextTick();
      const content = document.querySelector(".VPContent");
      if (content?.classList.contains("is-home"))
        content.setAttribute("role", "main");
      else content?.removeAttribute("role");
    };
    onMounted(markMain);
    watch(() => route.path, markMain);
  },
};

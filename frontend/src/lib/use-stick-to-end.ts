import { type RefObject, useEffect } from "react";

const NEAR_PX = 240;

/**
 * Keeps the end of a growing element in view, as long as the user has not scrolled away from it. A new `topic` brings
 * the end into view in any case.
 */
export function useStickToEnd(
  growing: RefObject<HTMLElement | null>,
  end: RefObject<HTMLElement | null>,
  topic: string | undefined,
): void {
  useEffect(() => {
    if (!topic || !growing.current) return;
    let sticking = true;
    const show = () => end.current?.scrollIntoView({ block: "end" });
    const look = () => {
      const page = document.documentElement;
      sticking = page.scrollHeight - page.scrollTop - page.clientHeight < NEAR_PX;
    };
    show();
    const sizes = new ResizeObserver(() => {
      if (sticking) show();
    });
    sizes.observe(growing.current);
    window.addEventListener("wheel", look, { passive: true });
    window.addEventListener("touchmove", look, { passive: true });
    window.addEventListener("keyup", look);
    return () => {
      sizes.disconnect();
      window.removeEventListener("wheel", look);
      window.removeEventListener("touchmove", look);
      window.removeEventListener("keyup", look);
    };
  }, [growing, end, topic]);
}

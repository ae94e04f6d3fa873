"""JupyterLab's list of functions: until it is painted, and how fluid it is, with very many and with two."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.benchmarks.figures import Comparison, Reading
from tests.browser.conftest import OPTIONS
from tests.support.docker import cleaned_up
from tests.support.gateway import Gateway
from tests.support.jupyter import TOKEN, JupyterServer, jupyter
from tests.support.registered import register

MANY: Final = 500
LOADS, STEPS = 5, 120

FIRST_PAINT: Final = """
() => {
  window.painted = new Promise(resolve => {
    document.addEventListener('pointerdown', async () => {
      const begun = performance.now();
      while (!document.querySelector('.jp-faas-row')) {
        await new Promise(requestAnimationFrame);
      }
      await new Promise(requestAnimationFrame);
      resolve(performance.now() - begun);
    }, { capture: true, once: true });
  });
}
"""
"""From the click on the sidebar's icon to the frame after the one that has the first row, in ms."""
SCROLL: Final = """
async ([list, steps]) => {
  const frames = [];
  const height = list.scrollHeight - list.clientHeight;
  let last = performance.now();
  for (let step = 0; step < steps; step++) {
    list.scrollTop = (height * step) / steps;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  return frames;
}
"""
"""Scrolls from the top to the end, a step each frame; how long each frame took, in ms."""


def panel(_: Gateway) -> Iterator[Comparison | Reading]:
    """The list with ``MANY`` functions, in turns with one of two."""
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        stack.callback(browser.close)
        many, few = (stack.enter_context(_lab(number)) for number in (MANY, 2))
        painted: tuple[list[float], list[float]] = ([], [])
        frames: list[float] = []
        for load in range(LOADS + 1):
            for lab, times in zip((many, few), painted, strict=True):
                with _opened(browser, lab) as page:
                    taken = _first_paint(page)
                    if load:  # the first one of each fills caches
                        times.append(taken)
                    if lab is many and load:
                        frames += _frames(page)
        yield Comparison(f"list of {MANY} functions, until painted", painted[0], "of two", painted[1])
        ordered = sorted(frames)
        figures = {
            "ms of a frame at the median": ordered[len(ordered) // 2],
            "ms at the 99th percentile": ordered[int(0.99 * len(ordered))],
            "ms at most": ordered[-1],
        }
        yield Reading(f"scrolling through {MANY} functions", figures)


@contextmanager
def _lab(number: int) -> Iterator[JupyterServer]:
    with tempfile.TemporaryDirectory() as name, cleaned_up(Path(name)):
        gateway = Gateway(Path(name, "gateway")).start()
        try:
            register(gateway, number - 1)
            known = {"FAAS_GATEWAY": gateway.url, "FAAS_TOKEN": gateway.token}
            server = JupyterServer(Path(name, "lab"), application="jupyterlab", environment=known)
            with jupyter(server):
                yield server
        finally:
            gateway.close()


@contextmanager
def _opened(browser: Browser, lab: JupyterServer) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        page = context.new_page()
        page.goto(f"{lab.url}lab?reset&token={TOKEN}")
        page.get_by_role("tab", name="Functions").wait_for(timeout=60_000)
        page.wait_for_load_state("networkidle")
        yield page
    finally:
        context.close()


def _first_paint(page: Page) -> float:
    """In seconds."""
    page.evaluate(FIRST_PAINT)
    page.get_by_role("tab", name="Functions").click()
    return float(page.evaluate("() => window.painted")) / 1000


def _frames(page: Page) -> list[float]:
    box: Any = page.locator(".jp-faas-list").element_handle()
    return [float(frame) for frame in page.evaluate(SCROLL, [box, STEPS])]

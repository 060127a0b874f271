"""The step player on the page, through what a reader can see and touch."""

import re

from playwright.sync_api import Locator, expect


class Player:
    """One step player. Steps are counted from 1, as the reader sees them."""

    def __init__(self, node: Locator) -> None:
        self.node = node
        self.slider = self._part("slider")
        self.picture = self._part("picture").locator("svg")

    def _part(self, name: str) -> Locator:
        return self.node.get_by_test_id(f"step-{name}")

    # What it shows

    @property
    def position(self) -> tuple[int, int]:
        """(the step that is shown, how many there are)"""
        found = re.fullmatch(r"step ([\d,]+) of ([\d,]+)", self._part("position").inner_text())
        assert found, "the player does not say which step it shows"
        step, count = (int(number.replace(",", "")) for number in found.groups())
        return step, count

    @property
    def note(self) -> str:
        return self._part("note").inner_text()

    @property
    def line(self) -> str:
        """The line of code that is marked."""
        return self.node.locator(".sw-line.sw-current code").inner_text()

    @property
    def pointers(self) -> dict[str, int]:
        """The pointers drawn below the bars or cells: {name: index}, read off the picture."""
        centres = [self._middle(bar) for bar in self.picture.locator(".sw-bar, .sw-cell").all()]
        places = {}
        for pointer in self.picture.locator(".sw-pointer").all():
            x = self._middle(pointer.locator("path"))
            nearest = min(range(len(centres)), key=lambda index: abs(centres[index] - x))
            assert abs(centres[nearest] - x) < 2, "a pointer stands between two elements"
            places[str(pointer.get_attribute("data-pointer"))] = nearest
        return places

    @property
    def problem(self) -> str:
        """What is said beside the boxes about an input."""
        return self._part("problem").inner_text()

    @property
    def counts(self) -> dict[str, int]:
        """Lines run, by function."""
        rows = self._part("counts").locator("tbody tr").all()
        return {
            row.locator("th").inner_text(): int(
                row.locator("td").first.inner_text().replace(",", "")
            )
            for row in rows
        }

    @property
    def frame(self) -> tuple[int, int, int]:
        """In pixels: how high the player is, where the picture's column begins, how wide it is."""
        whole, column = self.node.bounding_box(), self._part("picture").bounding_box()
        assert whole
        assert column
        return round(whole["height"]), round(column["x"]), round(column["width"])

    def water(self) -> tuple[float, float]:
        """(the water's height over that of the highest bar, its width in bars), as drawn.

        (0, 0) when there is none.
        """
        water = self.picture.locator(".sw-water")
        if water.get_attribute("visibility") == "hidden":
            return 0.0, 0.0
        bars = [bar.bounding_box() for bar in self.picture.locator(".sw-bar").all()]
        box = water.bounding_box()
        assert box
        assert all(bars)
        middles = [bar["x"] + bar["width"] / 2 for bar in bars if bar]
        highest = max(bar["height"] for bar in bars if bar)
        return box["height"] / highest, box["width"] / (middles[1] - middles[0])

    @staticmethod
    def _middle(node: Locator) -> float:
        box = node.bounding_box()
        assert box
        return box["x"] + box["width"] / 2

    # What a reader does

    def press(self, button: str) -> None:
        """Click `first`, `back`, `play`, `forward` or `last`, even if it says it can do nothing."""
        self._part(button).click(force=True)

    def scrub(self, share: float) -> None:
        """Drag the slider's thumb from where it is to `share` (0 to 1) of its way."""
        self.slider.scroll_into_view_if_needed()
        box = self.slider.bounding_box()
        assert box
        step, count = self.position
        thumb = 16  # pixels
        left, run = box["x"] + thumb / 2, box["width"] - thumb
        y = box["y"] + box["height"] / 2
        mouse = self.node.page.mouse
        mouse.move(left + run * (step - 1) / max(count - 1, 1), y)
        mouse.down()
        mouse.move(left + run * share, y, steps=4)
        mouse.up()

    def key(self, name: str) -> None:
        """Press a key while the player has the focus."""
        self.node.press(name)

    def type_input(self, name: str, text: str) -> None:
        """Write another value for an argument, and press Enter."""
        box = self._part(f"input-{name}")
        box.fill(text)
        box.press("Enter")

    def hurry(self, steps_a_second: int) -> None:
        """Choose a speed."""
        self._part("speed").select_option(str(steps_a_second))

    def go_to_the_first_difference(self) -> str:
        """Press the button of that name; what is said beside it."""
        self._part("difference").click()
        return self._part("difference-text").inner_text()

    def expect_step(self, step: int) -> None:
        """Wait until this step is shown."""
        expect(self._part("position")).to_have_text(re.compile(rf"^step {step:,} of "))

    def expect_problem(self) -> str:
        """Wait until something is said about an input; what it is."""
        expect(self._part("problem")).not_to_be_empty()
        return self.problem

    def expect_note(self, text: str) -> None:
        """Wait until the note below the picture contains `text`."""
        expect(self._part("note")).to_contain_text(text)

    def expect_playing(self, playing: bool) -> None:
        """Wait until the player plays, or stands still."""
        name = "Pause" if playing else "Play"
        expect(self._part("play")).to_have_attribute("aria-label", name)

    def tab_through(self) -> list[tuple[str, bool]]:
        """Press Tab from the player's own frame until the focus leaves it.

        Returns (data-testid without "step-", whether a ring is drawn around it) in order.
        """
        self.node.focus()
        reached = []
        while True:
            self.node.page.keyboard.press("Tab")
            found = self.node.evaluate(
                """player => {
                    const focused = document.activeElement;
                    if (!player.contains(focused)) return null;
                    const style = getComputedStyle(focused);
                    return [
                        focused.dataset.testid ?? focused.getAttribute('aria-label'),
                        style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
                    ];
                }"""
            )
            if found is None or len(reached) > 50:
                return reached
            name, outlined = found
            reached.append((str(name).removeprefix("step-"), bool(outlined)))

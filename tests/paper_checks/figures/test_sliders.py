"""A slider redraws the figure with its value, and without a live kernel the figure is what one sees."""

import base64

import pytest

from momoracle.paper_checks.figures.sliders import DPI, Sliders, momo_model, tam_damping

both = pytest.mark.parametrize("sliders", [momo_model(), tam_damping()], ids=lambda sliders: sliders.figure.name)


@both
def test_the_picture_at_the_start_is_the_figure(sliders: Sliders) -> None:
    shown = sliders._repr_mimebundle_()
    assert base64.b64decode(shown["image/png"]) == sliders.figure.render("png", dpi=DPI)


@both
def test_every_slider_redraws(sliders: Sliders) -> None:
    pytest.importorskip("ipywidgets", reason="needs ipywidgets")
    *handles, picture = sliders.widget().children
    assert [handle.description for handle in handles] == list(sliders.ranges)
    for handle in handles:
        before = picture.value
        handle.value = handle.min
        values = {one.description: one.value for one in handles}
        assert picture.value == sliders.render(values) != before

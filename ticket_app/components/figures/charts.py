"""The charts of the insights: Recharts, with each chart's figures as a table below it."""

from typing import NamedTuple

import reflex as rx

from ticket_app.components.browser.numbers import THOUSANDS, grouped
from ticket_app.state.figures.insights import Insights, Series

HEIGHT = 220
BAR = {"data_key": "count", "name": "Tickets", "max_bar_size": 48, "is_animation_active": False}


class Line(NamedTuple):
    """One measure of a chart over days: its key, word and colour, and True if it is dashed.

    Lines of one chart differ in their dashes too, because some people cannot tell colours apart.
    """

    key: str
    word: str
    colour: str
    dashed: bool = False


def over_days(title: str, *lines: Line, filled: bool = False) -> rx.Component:
    """Returns measures by day, as lines or, if `filled`, as areas."""
    draw = rx.recharts.area if filled else rx.recharts.line
    chart = rx.recharts.area_chart if filled else rx.recharts.line_chart
    return _figure(
        title,
        rx.el.div(
            *(
                rx.el.span(
                    rx.el.i(
                        style={"--tone": line.colour}, class_name="dashed" if line.dashed else ""
                    ),
                    rx.el.span(line.word),
                )
                for line in lines
            ),
            class_name="key",
        ),
        chart(
            *(
                draw(
                    data_key=line.key,
                    name=line.word,
                    stroke=line.colour,
                    stroke_width=2,
                    type_="linear",
                    dot=False,
                    is_animation_active=False,
                    **({"fill": "var(--accent-wash)"} if filled else {}),
                    **({"stroke_dasharray": "6 3"} if line.dashed else {}),
                )
                for line in lines
            ),
            *_axes("day"),
            data=Insights.flow,
            height=HEIGHT,
            width="100%",
        ),
        _table("Day (UTC)", Insights.flow, "day", *((line.word, line.key) for line in lines)),
        width="third" if filled else "wide",
    )


def by_group(title: str, first: str, series: rx.Var[Series]) -> rx.Component:
    """Returns a column for each group, with its count on it, in the groups' own order."""
    return _figure(
        title,
        rx.recharts.bar_chart(
            rx.recharts.bar(_count("top"), fill="var(--accent)", radius=[3, 3, 0, 0], **BAR),
            *_axes("name"),
            data=series,
            height=HEIGHT,
            width="100%",
            margin={"top": 20, "right": 8, "left": 0, "bottom": 0},
        ),
        _table(first, series, "name", ("Tickets", "count")),
        width="third",
    )


def by_value(title: str, first: str, series: rx.Var[Series]) -> rx.Component:
    """Returns a row for each value of a field, in the value's own colour, its count at the end."""
    return _figure(
        title,
        rx.recharts.bar_chart(
            rx.recharts.bar(_count("right"), radius=[0, 3, 3, 0], **BAR),
            rx.recharts.x_axis(type_="number", hide=True),
            rx.recharts.y_axis(
                type_="category",
                data_key="name",
                width=84,
                stroke="var(--edge)",
                axis_line=False,
                tick_line=False,
            ),
            data=series,
            layout="vertical",
            height=HEIGHT,
            width="100%",
            margin={"top": 0, "right": 64, "left": 0, "bottom": 0},
        ),
        _table(first, series, "name", ("Tickets", "count")),
        width="",
    )


def _count(position: str) -> rx.Component:
    return rx.recharts.label_list(
        data_key="count",
        position=position,
        fill="var(--quiet)",
        custom_attrs={"formatter": THOUSANDS},
    )


def _axes(key: str) -> list[rx.Component]:
    return [
        rx.recharts.x_axis(data_key=key, stroke="var(--edge)", tick_line=False, min_tick_gap=12),
        rx.recharts.y_axis(
            stroke="var(--edge)",
            allow_decimals=False,
            axis_line=False,
            tick_line=False,
            tick_formatter=THOUSANDS,
            width=60,
        ),
        rx.recharts.cartesian_grid(vertical=False, stroke="var(--line)"),
        rx.recharts.graphing_tooltip(
            cursor={"fill": "var(--sunken)", "stroke": "var(--edge)"},
            custom_attrs={"formatter": THOUSANDS},
        ),
    ]


def _figure(title: str, *parts: rx.Component, width: str) -> rx.Component:
    """Returns a card with a chart. `width` is a CSS class: wide, third, or none for a quarter."""
    return rx.el.section(rx.el.h2(title), *parts, class_name=f"card chart {width}".rstrip())


def _table(first: str, series: rx.Var[Series], key: str, *columns: tuple[str, str]) -> rx.Component:
    return rx.el.details(
        rx.el.summary("As a table"),
        rx.el.div(
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th(first, scope="col"),
                        *(rx.el.th(word, scope="col") for word, _ in columns),
                    )
                ),
                rx.el.tbody(
                    rx.foreach(
                        series,
                        lambda point: rx.el.tr(
                            rx.el.td(point[key]),
                            *(rx.el.td(grouped(point[column].to(int))) for _, column in columns),
                        ),
                    )
                ),
            ),
            class_name="table-scroll",
            tab_index=0,
            role="region",
            custom_attrs={"aria-label": f"{first}: table"},
        ),
        class_name="as-table",
    )

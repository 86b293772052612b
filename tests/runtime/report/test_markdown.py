"""Model cards as HTML: what they use, and nothing that a hostile one could do."""

import pytest

from model_runtime.report import markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Title", "<h3>Title</h3>"),
        ("### Deep ##", "<h5>Deep</h5>"),
        ("one\ntwo", "<p>one two</p>"),
        ("a **b** *c* `d*e*`", "<p>a <strong>b</strong> <em>c</em> <code>d*e*</code></p>"),
        ("2 * 3 * 4 and **", "<p>2 * 3 * 4 and **</p>"),
        ("- a\n  more\n- b", "<ul><li>a more</li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("```sh\nx < y\n```", "<pre>x &lt; y</pre>"),
        ("see [it](https://a.b/c)", '<p>see <a href="https://a.b/c">it</a></p>'),
        ("see [it](LICENSE)", "<p>see it</p>"),
        ("![A picture](a.png)", "<p>A picture</p>"),
        ("<!-- hidden\nlines -->\nshown", "<p>shown</p>"),
        (
            "| a | b |\n|---|--:|\n| 1 | **2** |",
            '<div class="scroll"><table cellpadding="4"><thead><tr><th>a</th><th>b</th></tr>'
            "</thead><tbody><tr><td>1</td><td><strong>2</strong></td></tr></tbody></table></div>",
        ),
    ],
)
def test_what_cards_use(text, html):
    assert markdown.html(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '[x](https://a"onmouseover="b)',
        "# <img src=x onerror=y>",
        "`<b>`",
        "![<script>](x)",
        "| <i> |\n|---|\n| <i> |",
    ],
)
def test_a_hostile_card_is_words(text):
    html = markdown.html(text)
    for harmful in ("<script", "<img", "<i>", "<b>", 'href="javascript', '"onmouseover'):
        assert harmful not in html


@pytest.mark.parametrize("text", ["", "\n\n", "```", "|", "- ", "#", "**", "[](", "|\n|-|"])
def test_any_text_ends(text):
    assert isinstance(markdown.html(text), str)

"""The page at `/`: what this server is, and what it is not."""

from __future__ import annotations

from html import escape

from preflight.emulator.tally import TALLY_PATH
from preflight.limits import Limits

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>preflight emulator: not Marengo</title>
<style>body {{ max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }}</style>
<h1>preflight emulator</h1>
<p><strong>This is not Marengo, and not TwelveLabs.</strong> It is a stand-in on your own machine. It checks
<code>{endpoint}</code> requests against the limits of the profile <code>{profile}</code>
({summary}), and answers with {dimensions} numbers a vector.</p>
<p>The vectors are real, but simple, functions of the media: what looks or sounds alike lies close together.
They know nothing of meaning, <code>transcription</code> recognises no speech, and they cannot be compared
with vectors of the service.</p>
<p>Media are taken as <code>base64_string</code>, or as <code>asset_id</code> of what was uploaded to
<code>/v1.3/assets</code>; <code>/v1.3/embed-v2/tasks</code> works, too. {key} What is uploaded is gone when this
server ends, no URL is fetched, nothing leaves this machine.</p>
<p><a href="{tally}"><code>{tally}</code></a> counts what was asked: each content, and how often it was
embedded.</p>
</html>
"""


def page(limits: Limits, *, dimensions: int, any_key: bool) -> str:
    key = "Any <code>x-api-key</code> will do." if any_key else "It wants the <code>x-api-key</code> it was given."
    return _PAGE.format(
        endpoint=escape(limits.endpoint),
        profile=escape(limits.profile),
        summary=escape(limits.summary),
        dimensions=dimensions,
        tally=TALLY_PATH,
        key=key,
    )

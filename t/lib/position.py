"""Finds the position of some PCM data in the stand-in's sound.

The sound is described in t/youtube/README.md: a tone gives the second, modulo
256, and a sweep the fraction.
"""

import math
import subprocess
import sys
from array import array
from collections.abc import Sequence

RATE = 22050                           # of the decoded sound
WINDOW = 0.15                          # seconds; 0.1 to 0.19 are enough
PERIOD = 256

TONES = [400 + 12 * second for second in range(PERIOD)]
SWEEP_FROM, SWEEP_BY = 4000, 4000      # Hz, Hz a second
GLANCE = 0.02                          # seconds: the sweep is almost a tone
SHARE = 0.2                            # the tone's share of the power


def heard(pcm: Sequence[float], rate: int = RATE) -> float | None:
    """
    The position of the beginning of "pcm", one channel of 0.1 to 0.19 s, in
    seconds below 256.  None if it is silence or another sound.
    """

    if not any(pcm):
        return None

    glance = pcm[:round(GLANCE * rate)]
    sweep = range(SWEEP_FROM, SWEEP_FROM + SWEEP_BY, 40)
    middle = max(sweep, key=lambda tone: power(glance, tone, rate))
    # the glance may span two seconds
    place = (middle - SWEEP_FROM) / SWEEP_BY - GLANCE / 2

    # if the second changes within the window, use the longer part
    change = round((1 - place) * rate)
    if change > len(pcm):
        part, before = pcm, 0
    elif change > len(pcm) / 2:
        part, before = pcm[:change], 0
    else:
        part, before = pcm[change:], 1

    powers = [power(part, tone, rate) for tone in TONES]
    second = max(range(PERIOD), key=lambda each: powers[each])
    if powers[second] <= SHARE * sum(each * each for each in part) / len(part):
        return None
    return (second - before + place) % PERIOD


def power(pcm: Sequence[float], tone: float, rate: int) -> float:
    """The power at a frequency, by Goertzel; of a sine, half its square."""

    turn = 2 * math.cos(2 * math.pi * tone / rate)
    one = two = 0.0
    for each in pcm:
        one, two = each + turn * one - two, one
    return 2 * (one * one + two * two - turn * one * two) / len(pcm) ** 2


def distance(position: float, expected: float) -> float:
    """Seconds between the two, in either direction round the period."""

    return abs((position - expected + PERIOD / 2) % PERIOD - PERIOD / 2)


def decode(source: str, *options: str) -> array:
    """Decodes with ffmpeg: one channel at RATE, 16 bits; options precede -i."""

    done = subprocess.run(
        ['ffmpeg', '-nostdin', '-v', 'error', *options, '-i', source, '-ac',
         '1', '-ar', str(RATE), '-f', 's16le', '-'], capture_output=True,
        timeout=60, check=False)
    if done.returncode != 0 or done.stderr:
        raise ValueError(done.stderr.decode(errors='replace'))

    pcm = array('h', done.stdout)
    if sys.byteorder == 'big':
        pcm.byteswap()
    return pcm


def heard_at(source: str, seconds: float) -> float | None:
    """The position heard where ffmpeg seeks to, in a file or a URL."""

    return heard(decode(source, '-ss', str(seconds), '-t', str(WINDOW)))

"""The table of scenarios, by track id.  See README.md."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

AAC = (139, 140)
OPUS = (249, 250, 251)

AGAIN = 'Please try again later.'
NO_VIDEO = "Video unavailable"


@dataclass(frozen=True)
class Stream:
    """One entry of adaptiveFormats: an encoding and its announced data."""

    itag: int
    audio_track: tuple[str, str, bool] | None = None  # id, name, default
    drc: bool = False

    @property
    def xtags(self) -> str:
        if self.audio_track is not None:
            kind = 'original' if self.audio_track[2] else 'dubbed-auto'
            return f'acont={kind}:lang={self.audio_track[0].split(".")[0]}'
        return 'drc=1' if self.drc else ''


def plain(itags: Iterable[int]) -> tuple[Stream, ...]:
    return tuple(Stream(itag) for itag in itags)


def dubbed(itags: Iterable[int]) -> tuple[Stream, ...]:
    """The dub comes first, as it may at YouTube."""

    tracks = (('de-DE.10', 'German', False),
              ('en-US.4', 'English original', True))
    return tuple(Stream(itag, track) for track in tracks for itag in itags)


def with_drc(itags: Iterable[int]) -> tuple[Stream, ...]:
    return tuple(Stream(itag, drc=drc) for itag in itags
                 for drc in (True, False))


@dataclass(frozen=True)
class Scenario:
    about: str
    seconds: int = 30                  # the announced duration
    streams: tuple[Stream, ...] = plain(AAC + OPUS)

    # how the player answers
    playability: dict[str, Any] = field(default_factory=dict)
    status: int = 200                  # of HTTP
    body: str | None = None            # instead of JSON
    exchange: str = 'answer'           # or 'hang', 'drop'
    other_id: bool = False             # an answer about another video
    visitor: bool = False              # a bot check for who is unknown
    known: str = ''                    # another scenario, for who is known
    others: str = ''                   # and for clients but visionos
    details: dict[str, Any] = field(default_factory=dict)
    microformat: dict[str, Any] = field(default_factory=dict)
    streaming: dict[str, Any] = field(default_factory=dict)

    # how the formats are offered
    plays: int = 0                     # seconds, if not as announced
    form: str = 'dash'                 # of the files; or 'faststart'
    url: str = 'plain'                 # or 'absent', 'challenge'
    live: bool = False
    preroll_ms: int = 0

    @property
    def file(self) -> tuple[int, str]:
        """Seconds and form of its files."""

        return self.plays or self.seconds, self.form


def video(itag: int, codecs: str) -> dict[str, Any]:
    """A format that is not an audio file, and is never fetched."""

    return {'itag': itag, 'mimeType': f'video/mp4; codecs="{codecs}"',
            'bitrate': 900000, 'contentLength': '1000000', 'width': 640,
            'height': 360, 'fps': 25, 'quality': 'medium',
            'lastModified': '1700000000000000', 'approxDurationMs': '30000',
            'url': f'https://127.0.0.1/videoplayback?itag={itag}'}


def refusal(status: str, about: str, reason: str, subreason: str = '',
            **error_screen: Any) -> Scenario:
    playability: dict[str, Any] = {'status': status, 'reason': reason}
    if subreason:
        error_screen['playerErrorMessageRenderer'] = {
            'reason': {'simpleText': reason},
            'subreason': {'simpleText': subreason},
        }
    if error_screen:
        playability['errorScreen'] = error_screen
    return Scenario(about, streams=(), playability=playability)


def http(status: int) -> Scenario:
    return Scenario(f'the player answers {status}', status=status, streams=())


NORMAL = Scenario('30 s in every format')

# The first four characters of an id select the scenario; the other seven are
# free.  An id with none of these prefixes is NORMAL.

SCENARIOS: dict[str, Scenario] = {
    # lengths
    's05_': replace(NORMAL, about='5 s', seconds=5),
    's30_': NORMAL,
    'm04_': replace(NORMAL, about='4 min', seconds=240),
    'h01_': replace(NORMAL, about='1 h', seconds=3600),
    'trap': replace(NORMAL, about='said to last 5 s, lasts 10 s', seconds=5,
                    plays=10),

    # format lists
    'aac_': Scenario('AAC only', streams=plain(AAC)),
    'fast': Scenario('AAC that is not fragmented, 4 min', seconds=240,
                     streams=plain(AAC), form='faststart'),
    'opus': Scenario('Opus only', streams=plain(OPUS)),
    'low_': Scenario('the lowest of both codecs', streams=plain((139, 249))),
    'dubs': Scenario('a German dub before the original',
                     streams=dubbed((140, 251))),
    'drc_': Scenario('each format with a DRC twin before it',
                     streams=with_drc(AAC + OPUS)),
    'adv_': Scenario('a 3 s advertisement first: 403 until it is over',
                     preroll_ms=3000),

    # refusals
    'priv': refusal('LOGIN_REQUIRED', 'private', 'This is a private video',
                    'Please sign in to verify that you may see it.'),
    'gone': refusal('ERROR', 'unavailable', NO_VIDEO,
                    'This video is unavailable'),
    'remo': refusal('ERROR', 'removed by the uploader', NO_VIDEO,
                    'This video has been removed by the uploader'),
    'term': refusal('ERROR', 'account terminated', NO_VIDEO,
                    'This video is no longer available because the YouTube '
                    'account associated with this video has been terminated.'),
    'copy': refusal('UNPLAYABLE', 'copyright', NO_VIDEO,
                    'This video contains content from Example Records, who '
                    'has blocked it on copyright grounds'),
    'app_': refusal('UNPLAYABLE', 'not for any client', NO_VIDEO,
                    'This video is not available on this app'),
    'newv': refusal('ERROR', 'not for any client, in other words',
                    'This video is not available',
                    'Watch on the latest version of YouTube'),
    'kids': replace(refusal('UNPLAYABLE', 'made for kids: not for this client',
                            NO_VIDEO,
                            'This video is not available on this app'),
                    others='s30_'),
    'may_': replace(refusal('ERROR', 'unavailable, for who has no visitor '
                            'data', NO_VIDEO, 'This video is unavailable'),
                    known='s30_'),
    'age_': refusal('LOGIN_REQUIRED', 'age-restricted',
                    'Sign in to confirm your age',
                    'This video may be inappropriate for some users.'),
    'paid': refusal('UNPLAYABLE', 'Music Premium', NO_VIDEO,
                    'This video is only available to Music Premium members'),
    'memb': refusal('UNPLAYABLE', 'members-only',
                    'Join this channel to get access to members-only content '
                    'like this video, and other exclusive perks.'),
    'rent': refusal('UNPLAYABLE', 'rental',
                    'This video requires payment to watch'),
    'geo_': refusal('UNPLAYABLE', 'geo-blocked', NO_VIDEO,
                    'The uploader has not made this video available in your '
                    'country'),
    'bot_': refusal('LOGIN_REQUIRED', 'bot check',
                    'Sign in to confirm you\u2019re not a bot'),
    'capt': refusal('UNPLAYABLE', 'captcha', 'Verification required',
                    playerCaptchaViewModel={'key': 'none'}),
    'rate': refusal('UNPLAYABLE', 'rate-limited session', NO_VIDEO,
                    "This content isn't available, try again later."),
    'what': refusal('UNPLAYABLE', 'a reason that nobody knows',
                    'The melon is ripe. ' * 60 + 'END'),
    'visi': Scenario('bot check for who has no visitor data', visitor=True),
    'gobo': replace(refusal('ERROR', 'unavailable, a bot check for who has '
                            'visitor data', NO_VIDEO,
                            'This video is unavailable'), known='bot_'),
    'anon': replace(NORMAL, about='no formats for who has visitor data',
                    known='sabr'),
    'othr': Scenario('answers about another video', other_id=True),

    # audio that is not available as a file
    'live': Scenario('live now', live=True,
                     details={'isLive': True, 'isLiveContent': True}),
    'soon': Scenario(
        'premieres in a while', streams=(),
        details={'isUpcoming': True, 'isLiveContent': True},
        playability={'status': 'LIVE_STREAM_OFFLINE',
                     'reason': 'Premieres in 3 hours'},
        microformat={'liveBroadcastDetails': {
            'startTimestamp': '2099-01-01T00:00:00+00:00'}}),
    'drm_': Scenario('DRM protected', streams=(),
                     streaming={'licenseInfos': [{'drmFamily': 'WIDEVINE'}]}),
    'mute': Scenario('video without sound', streams=(), streaming={
        'adaptiveFormats': [video(134, 'avc1.4d401e')]}),
    'mux_': Scenario('sound in video only', streams=(), streaming={
        'formats': [video(18, 'avc1.42001E, mp4a.40.2')]}),
    'sabr': Scenario('formats without URLs', url='absent'),
    'njs_': Scenario('formats that need JavaScript', url='challenge'),
    'none': Scenario('playable, but no format at all', streams=()),

    # the exchange itself
    '403_': http(403),
    '404_': http(404),
    '429_': http(429),
    '500_': http(500),
    '503_': http(503),
    'hang': Scenario('the player never answers', exchange='hang'),
    'drop': Scenario('the connection closes, unanswered', exchange='drop'),
    'json': Scenario('half of a JSON text', body='{"videoDetails": {"vid'),
    'html': Scenario('a web page', body='<!DOCTYPE html><title>Sorry</title>'),
}


def scenario(track: str) -> Scenario:
    return SCENARIOS.get(track[:4], NORMAL)

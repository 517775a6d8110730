"""InnerTube's player, which yt-dlp's extractor queries for a track."""

import asyncio
import hashlib
import hmac
import json
import time
import urllib.parse
from pathlib import Path
from typing import Any

from control import Entry, State
from encode import ITAGS, Media
from tracks import SCENARIOS, Scenario, Stream
from wire import Answer, Cut, Request

SECRET = b'stand-in'
VISITOR = 'CgtzdGFuZC1pbg%3D%3D'
PAGE = ('<!DOCTYPE html><title>Watch</title><script>ytcfg.set('
        f'{{"VISITOR_DATA": "{VISITOR}"}});</script>'
        '<script>var ytInitialData = {"contents": '
        '{"twoColumnWatchNextResults": {}}};</script>')


# what clients with JavaScript read beside it, as far as yt-dlp looks at it
SCRIPTS = {
    '/iframe_api': 'var scriptUrl = '
                   "'https:\\/\\/www.youtube.com\\/s\\/player\\/01234567\\/x'",
    **{f'/s/player/01234567/{name}/base.js':
       'var a={signatureTimestamp:20000};'
       for name in ('player_ias.vflset/en_US', 'player_es6.vflset/en_US',
                    'tv-player-ias.vflset/tv-player-ias')},
}


def signature(query: dict[str, str]) -> str:
    """Of everything before it, as in real media URLs."""

    signed = urllib.parse.urlencode(
        {name: value for name, value in query.items() if name != 'sig'})
    return hmac.new(SECRET, signed.encode(), hashlib.sha256).hexdigest()


class Player:
    def __init__(self, state: State, files: Media,
                 ports: dict[str, list[int]]) -> None:
        self.state = state
        self.files = files
        self.ports = ports

    def subject(self, request: Request) -> tuple[str, str | None, None]:
        if request.path == '/watch':
            return 'page', request.query.get('v'), None
        try:
            return 'player', json.loads(request.body)['videoId'], None
        except (ValueError, KeyError, TypeError):
            return 'player', None, None

    async def answer(self, request: Request, entry: Entry, answer: Answer,
                     reader: asyncio.StreamReader) -> None:
        if entry.kind == 'page' and request.method == 'GET':
            await answer.whole(200, 'text/html; charset=utf-8',
                               PAGE.encode(), {})
            return

        if request.path in SCRIPTS and request.method == 'GET':
            await answer.whole(200, 'text/javascript',
                               SCRIPTS[request.path].encode(), {})
            return

        if request.method != 'POST' or entry.id is None \
           or request.path != '/youtubei/v1/player':
            entry.why = 'not a player request'
            await answer.whole(404, 'text/plain', b'')
            return

        scenario = self.state.scenario(entry.id)
        if scenario.visitor and 'x-goog-visitor-id' not in request.headers:
            scenario = SCENARIOS['bot_']
        if scenario.known and 'x-goog-visitor-id' in request.headers:
            scenario = SCENARIOS[scenario.known]
        if scenario.others and self._client(request) != 'VISIONOS':
            scenario = SCENARIOS[scenario.others]
        if scenario.exchange == 'hang':
            await answer.hang(reader)
        if scenario.exchange == 'drop':
            raise Cut

        if scenario.status != 200:
            body = json.dumps({'error': {'code': scenario.status}})
        elif entry.fault.get('html'):
            body = SCENARIOS['html'].body
        elif scenario.body is not None:
            body = scenario.body
        else:
            body = json.dumps(
                await self._response(entry.id, scenario, request.host))

        await answer.whole(
            scenario.status, 'application/json; charset=UTF-8',
            body.encode(), {'Cache-Control': 'private', 'Server': 'ESF'})

    @staticmethod
    def _client(request: Request) -> str:
        return json.loads(request.body)['context']['client']['clientName']

    async def describe(self, track: str) -> list[dict[str, Any]]:
        """The files behind a track, as they are now."""

        scenario = self.state.scenario(track)
        return [
            {'itag': stream.itag, 'xtags': stream.xtags,
             'lmt': self._lmt(track, stream), 'path': str(path),
             'size': path.stat().st_size}
            for stream in scenario.streams
            for path in [await self._file(track, scenario, stream)]]

    async def _response(self, track: str, scenario: Scenario,
                        host: str) -> dict[str, Any]:
        response: dict[str, Any] = {
            'responseContext': {'visitorData': VISITOR},
            'playabilityStatus': scenario.playability
            or {'status': 'OK', 'playableInEmbed': True},
        }
        if scenario.microformat:
            response['microformat'] = {
                'playerMicroformatRenderer': scenario.microformat}
        if scenario.playability and not scenario.details:
            return response

        response['videoDetails'] = self._details(
            'someotherid' if scenario.other_id else track, scenario)
        response['streamingData'] = {
            'expiresInSeconds': str(self.state.settings.expires_in),
            'adaptiveFormats': await self._formats(track, scenario, host),
            **scenario.streaming,
        }
        response['playerConfig'] = {
            'audioConfig': {'loudnessDb': self._loudness(track),
                            'perceptualLoudnessDb': -14 - 3.5,
                            'enablePerFormatLoudness': True}}
        if scenario.preroll_ms:
            response['adPlacements'] = [self._preroll(scenario.preroll_ms)]
        return response

    def _details(self, track: str, scenario: Scenario) -> dict[str, Any]:
        settings = self.state.settings
        base = f'{self._base()}/vi/{track}'
        title, artist, album = f'Melody {track}', 'The Stand-Ins', 'Loops'
        return {
            'videoId': track,
            'title': title,
            'author': f'{artist} - Topic',
            'channelId': 'UCstandinstandinstandins',
            'lengthSeconds': str(0 if scenario.live else scenario.seconds),
            'shortDescription': (
                f'Provided to YouTube by {settings.host}\n\n'
                f'{title} · {artist}\n\n{album}\n\n'
                '\u2117 2024 The Stand-Ins\n\nReleased on: 2024-02-29\n\n'
                'Auto-generated by YouTube.'),
            'thumbnail': {'thumbnails': [
                {'url': f'{base}/default.jpg', 'width': 120, 'height': 90},
                {'url': f'{base}/hqdefault.jpg', 'width': 480,
                 'height': 360}]},
            'viewCount': '1',
            'isLiveContent': False,
            'isPrivate': False,
            **scenario.details,
        }

    async def _formats(self, track: str, scenario: Scenario,
                       host: str) -> list[dict[str, Any]]:
        serial, now = self.state.resolved(), int(time.time())
        return [
            self._format(track, scenario, stream, size, {
                'expire': str(now + self.state.settings.expires_in),
                'ei': f'{serial}.{self._not_before(scenario, now)}',
                'ip': host,
                'id': f'o-{track}',
            })
            for stream in scenario.streams
            for size in [(await self._file(track, scenario, stream))
                         .stat().st_size]]

    def _format(self, track: str, scenario: Scenario, stream: Stream,
                size: int, query: dict[str, str]) -> dict[str, Any]:
        kind = ITAGS[stream.itag]
        lmt = str(self._lmt(track, stream))
        seconds, form = scenario.file
        average = size * 8 // seconds

        query |= {
            'itag': str(stream.itag), 'source': 'youtube',
            'requiressl': 'yes', 'mime': kind.mime.split(';')[0],
            'gir': 'yes', 'clen': str(size),
            'dur': f'{scenario.seconds}.000', 'lmt': lmt,
            'mn': 'sn-aaaa,sn-bbbb', 'fvip': '2', 'file': f'{seconds}.{form}',
        }
        if stream.xtags:
            query['xtags'] = stream.xtags
        if scenario.url == 'challenge':
            query['n'] = 'unsolved'
        query['sig'] = signature(query)

        entry: dict[str, Any] = {
            'itag': stream.itag, 'mimeType': kind.mime,
            'bitrate': average * 21 // 20, 'averageBitrate': average,
            'contentLength': str(size), 'lastModified': lmt,
            'approxDurationMs': str(scenario.seconds * 1000),
            'audioSampleRate': str(kind.rate), 'audioChannels': kind.channels,
            'audioQuality': kind.quality, 'quality': 'tiny',
            'projectionType': 'RECTANGULAR',
            'loudnessDb': self._loudness(track),
        }
        if scenario.url != 'absent':
            entry['url'] = (f'{self._base()}/videoplayback?'
                            + urllib.parse.urlencode(query))
        if scenario.live:
            entry['targetDurationSec'] = 5
        if stream.drc:
            entry['isDrc'] = True
        if stream.audio_track is not None:
            entry['audioTrack'] = dict(zip(
                ('id', 'displayName', 'audioIsDefault'), stream.audio_track))
        return entry

    async def _file(self, track: str, scenario: Scenario,
                    stream: Stream) -> Path:
        seconds, form = scenario.file
        return await asyncio.to_thread(
            self.files.track, stream.itag, seconds,
            self.state.take(track) % 2, form)

    def _lmt(self, track: str, stream: Stream) -> int:
        return self.state.lmt(track, stream.itag, stream.xtags,
                              self.state.take(track))

    def _base(self) -> str:
        settings = self.state.settings
        return (f'{settings.scheme}://{settings.host}:'
                f'{self.ports[settings.scheme][0]}')

    @staticmethod
    def _not_before(scenario: Scenario, now: int) -> int:
        """Two seconds of grace, as seen at YouTube (docs/upstream.md, G13)."""

        if not scenario.preroll_ms:
            return 0
        return now + scenario.preroll_ms // 1000 - 2

    @staticmethod
    def _loudness(track: str) -> float:
        return -3.5 if track < 'a' else 2.25

    @staticmethod
    def _preroll(milliseconds: int) -> dict[str, Any]:
        return {'adPlacementRenderer': {
            'config': {'adPlacementConfig': {
                'kind': 'AD_PLACEMENT_KIND_START'}},
            'renderer': {'instreamVideoAdRenderer': {
                'skipOffsetMilliseconds': milliseconds,
                'playerVars': 'length_seconds=15'}},
        }}

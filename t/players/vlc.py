"""VLC's libvlc, in this process: cvlc refuses to run as root."""

import ctypes
from ctypes import c_char_p, c_int, c_int64, c_uint, c_void_p
from pathlib import Path

from players.player import Player
from position import RATE
from stack import wait_for

PLAY = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_uint, c_int64)
MARK = ctypes.CFUNCTYPE(None, c_void_p, c_int64)
ENDED, FAILED = 6, 7

FUNCTIONS = {
    'get_version': (c_char_p,),
    'new': (c_void_p, c_int, ctypes.POINTER(c_char_p)),
    'release': (None, c_void_p),
    'media_new_location': (c_void_p, c_void_p, c_char_p),
    'media_release': (None, c_void_p),
    'media_player_new_from_media': (c_void_p, c_void_p),
    'media_player_release': (None, c_void_p),
    'media_player_play': (c_int, c_void_p),
    'media_player_stop': (None, c_void_p),
    'media_player_get_state': (c_int, c_void_p),
    'media_player_get_length': (c_int64, c_void_p),
    'media_player_set_time': (None, c_void_p, c_int64),
    'audio_set_format': (None, c_void_p, c_char_p, c_uint, c_uint),
    'audio_set_callbacks': (None, c_void_p, PLAY, MARK, MARK, MARK, MARK,
                            c_void_p),
}


class Vlc(Player):
    """It plays in real time, and drops data that arrives too late."""

    name = 'VLC'
    tries = 3

    @staticmethod
    def version() -> str:
        return call('get_version').decode().split()[0]

    def __init__(self, url: str, home: Path) -> None:
        self.pcm = bytearray()
        self.flushed = False
        # must not be freed while it plays
        self.callbacks = (PLAY(self._play), MARK(), MARK(), MARK(self._flush),
                          MARK())
        options = b'--no-video', b'--quiet', b'--network-caching=3000'
        self.vlc = call('new', 3, (c_char_p * 3)(*options))
        self.media = call('media_new_location', self.vlc, url.encode())
        self.player = call('media_player_new_from_media', self.media)
        call('audio_set_callbacks', self.player, *self.callbacks, None)
        call('audio_set_format', self.player, b'S16N', RATE, 1)
        call('media_player_play', self.player)
        try:
            wait_for(lambda: self.pcm, 'VLC plays', 40)
        except BaseException:
            self.close()
            raise

    def _play(self, _: int, samples: int, count: int, when: int) -> None:
        if self.flushed:
            self.pcm = bytearray()
            self.flushed = False
        self.pcm += ctypes.string_at(samples, 2 * count)

    def _flush(self, _: int, when: int) -> None:
        self.flushed = True

    def duration(self) -> float:
        return call('media_player_get_length', self.player) / 1000

    def seek(self, seconds: float) -> None:
        before = self.pcm
        call('media_player_set_time', self.player, round(seconds * 1000))
        wait_for(lambda: self.pcm is not before, f'VLC seeks to {seconds}', 40)

    def sound(self, seconds: float = 3600) -> bytes:
        wait_for(lambda: len(self.pcm) >= 2 * RATE * seconds or call(
            'media_player_get_state', self.player) in (ENDED, FAILED),
            'VLC plays', 40)
        return bytes(self.pcm)

    def close(self) -> None:
        call('media_player_stop', self.player)
        call('media_player_release', self.player)
        call('media_release', self.media)
        call('release', self.vlc)


def call(name: str, *arguments: object) -> object:
    function = ctypes.CDLL('libvlc.so.5')[f'libvlc_{name}']
    function.restype, *function.argtypes = FUNCTIONS[name]
    return function(*arguments)

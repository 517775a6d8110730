"""GStreamer's playbin, in this process."""

from pathlib import Path

from players.player import Player
from position import RATE

SOUND = (f'audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate={RATE}'
         ',channels=1,layout=interleaved ! appsink name=out sync=false '
         'max-buffers=8')

# audio, soft-volume, and download to a file: without the latter it cannot seek
# in a fragmented MP4 over HTTP
FLAGS = 0x02 | 0x10 | 0x80


class GStreamer(Player):
    name = 'GStreamer'
    note = 'with playbin\'s flag `download`'

    @staticmethod
    def version() -> str:
        return gst().version_string().split()[1]

    def __init__(self, url: str, home: Path) -> None:
        self.gst = gst()
        self.playbin = self.gst.ElementFactory.make('playbin')
        sink = self.gst.parse_bin_from_description(SOUND, True)
        self.out = sink.get_by_name('out')
        for name, value in (('uri', url), ('flags', FLAGS),
                            ('audio-sink', sink)):
            self.playbin.set_property(name, value)
        try:
            self._become(self.gst.State.PAUSED)
        except BaseException:
            self.close()
            raise

    def duration(self) -> float:
        return self.playbin.query_duration(self.gst.Format.TIME)[1] / 1e9

    def seek(self, seconds: float) -> None:
        flags = self.gst.SeekFlags
        self.playbin.seek_simple(self.gst.Format.TIME,
                                 flags.FLUSH | flags.ACCURATE,
                                 round(seconds * 1e9))
        self._become(self.gst.State.PAUSED)

    def sound(self, seconds: float = 3600) -> bytes:
        pcm = bytearray()
        self._become(self.gst.State.PLAYING)
        while len(pcm) < 2 * RATE * seconds:
            sample = self.out.emit('try-pull-sample', 40 * self.gst.SECOND)
            if not sample:
                break
            buffer = sample.get_buffer()
            pcm += buffer.extract_dup(0, buffer.get_size())
        return bytes(pcm)

    def close(self) -> None:
        self.playbin.set_state(self.gst.State.NULL)

    def _become(self, state: object) -> None:
        self.playbin.set_state(state)
        change = self.playbin.get_state(40 * self.gst.SECOND)[0]
        error = self.playbin.get_bus().pop_filtered(self.gst.MessageType.ERROR)
        if error or change != self.gst.StateChangeReturn.SUCCESS:
            raise AssertionError(f'GStreamer is not {state.value_nick}: '
                                 f'{error and error.parse_error()}')


def gst() -> object:
    import gi

    gi.require_version('Gst', '1.0')
    from gi.repository import Gst

    Gst.init(None)
    return Gst

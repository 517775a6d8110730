"""The rest of docs/players.md: mpd, files without the corrected header, and
programs that only read metadata.
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from players.dlna import Dlna  # noqa: E402
from players.ffmpeg import Ffmpeg  # noqa: E402
from players.gstreamer import GStreamer  # noqa: E402
from players.listen import (  # noqa: E402
    FILES, SECONDS, TRACK, ListenCase, tell)
from players.mpd import Mpd  # noqa: E402
from players.mpv import Mpv  # noqa: E402
from players.readers import READERS, version  # noqa: E402
from players.vlc import Vlc  # noqa: E402
from stack import Stack  # noqa: E402

RAW = 'AAC, `voyo_mp4_header off`'


class MpdTest(ListenCase):
    players = (Mpd,)

    def test_mpd(self) -> None:
        self.check(Mpd)


class HeaderOffTest(ListenCase):
    """These players do not rely on the header, unlike Apple's."""

    players = (Vlc, Mpd, Mpv, Ffmpeg, GStreamer, Dlna)
    files = {RAW: FILES['AAC']}

    @classmethod
    def start(cls) -> None:
        super().start()
        conf = cls.stack.dir / 'home/conf/nginx.conf'
        conf.write_text(conf.read_text().replace('voyo_mp4_header on',
                                                 'voyo_mp4_header off'))
        cls.stack.reload()
        served = cls.stack.get(f'/cdn/stream/{TRACK}').body
        assert served == cls.stack.source_file(TRACK), 'the header is not off'

    def test_all(self) -> None:
        for kind in self.players:
            self.check(kind)


class ReadersTest(unittest.TestCase):
    """Programs that read only the header find no duration in a corrected one."""

    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(resolver=False, nginx=False)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def test_readers(self) -> None:
        for file, data, right in (
                ('AAC', self.stack.file(TRACK), False),
                (RAW, self.stack.source_file(TRACK), True)):
            path = self.stack.dir / f'{right}.m4a'
            path.write_bytes(data)
            for reader, (package, knows) in READERS.items():
                with self.subTest(reader=reader.__name__, file=file):
                    seconds = float(reader(path))
                    tell({'player': reader.__name__, 'file': file,
                          'version': version(package), 'before': seconds,
                          'note': 'reads the file only'})
                    self.assertAlmostEqual(
                        seconds, SECONDS if right or knows else 0, delta=0.1)


if __name__ == '__main__':
    unittest.main()

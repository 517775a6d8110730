# The format that a quality and a codec select (docs/upstream.md, Y6): at most
# 64, 128 and 256 kb/s with a tolerance, since the usual "128" averages 129.5
# and a literal limit would select half of it.  Every track with audio plays.

use lib 't/lib';
use VOYO;

plan 'no_plan';

table(<<'BLOCK', <<'ROWS');
{what}
--- record
{record}
--- settings
{settings}
--- request
GET /cdn/stream/dQw4w9WgXcQ?{query}
--- bytes: {itag} 0-
--- response_headers
Content-Type: {type}
X-Voyo-Quality: {served}
BLOCK
what | record | settings | query | itag | type | served

low aac      | 139 aac 48000 2000 /139\n140 aac 129500 3584 /140\n249 opus 50000 2100 /249\n250 opus 70000 2900 /250\n251 opus 130000 3600 /251 | CODEC aac | quality=low&codec=aac     | 139 | audio/mp4  | low; codec=aac; bitrate=48000
medium aac   | 139 aac 48000 2000 /139\n140 aac 129500 3584 /140\n249 opus 50000 2100 /249\n250 opus 70000 2900 /250\n251 opus 130000 3600 /251 | CODEC aac | quality=medium&codec=aac  | 140 | audio/mp4  | medium; codec=aac; bitrate=129500
high aac     | 139 aac 48000 2000 /139\n140 aac 129500 3584 /140\n249 opus 50000 2100 /249\n250 opus 70000 2900 /250\n251 opus 130000 3600 /251 | CODEC aac | quality=high&codec=aac    | 140 | audio/mp4  | medium; codec=aac; bitrate=129500
low opus     | 139 aac 48000 2000 /139\n140 aac 129500 3584 /140\n249 opus 50000 2100 /249\n250 opus 70000 2900 /250\n251 opus 130000 3600 /251 | CODEC aac | quality=low&codec=opus    | 250 | audio/webm | low; codec=opus; bitrate=70000
medium opus  | 139 aac 48000 2000 /139\n140 aac 129500 3584 /140\n249 opus 50000 2100 /249\n250 opus 70000 2900 /250\n251 opus 130000 3600 /251 | CODEC aac | quality=medium&codec=opus | 251 | audio/webm | medium; codec=opus; bitrate=130000
high is what is meant by none      | 139 aac 48000 2000 /139\n140 aac 129500 3584 /140\n141 aac 257000 3600 /141 | CODEC aac  | codec=aac    | 141 | audio/mp4  | high; codec=aac; bitrate=257000
medium is not more                 | 139 aac 48000 2000 /139\n140 aac 129500 3584 /140\n141 aac 257000 3600 /141 | CODEC aac  | quality=medium | 140 | audio/mp4  | medium; codec=aac; bitrate=129500
the server's codec                 | 140 aac 129500 3584 /140\n251 opus 130000 3600 /251 | CODEC opus | quality=high | 251 | audio/webm | medium; codec=opus; bitrate=130000
one asked for goes before it       | 140 aac 129500 3584 /140\n251 opus 130000 3600 /251 | CODEC opus | codec=aac    | 140 | audio/mp4  | medium; codec=aac; bitrate=129500
a codec that the track lacks       | 251 opus 130000 3600 /251 | CODEC aac | codec=aac | 251 | audio/webm | medium; codec=opus; bitrate=130000
the other one too                  | 140 aac 129500 3584 /140  | CODEC aac | codec=opus | 140 | audio/mp4 | medium; codec=aac; bitrate=129500
nothing is as low: the lowest      | 140 aac 129500 3584 /140\n141 aac 257000 3600 /141 | CODEC aac | quality=low | 140 | audio/mp4 | medium; codec=aac; bitrate=129500
above all limits                   | 141 aac 400000 3600 /141 | CODEC aac | quality=medium | 141 | audio/mp4 | high; codec=aac; bitrate=400000
no tolerance: the limit is literal | 139 aac 48000 2000 /139\n140 aac 129500 3584 /140 | QUALITY_TOLERANCE 0 | quality=medium | 139 | audio/mp4 | low; codec=aac; bitrate=48000
at the limit                       | 139 aac 48000 2000 /139\n140 aac 140800 3584 /140 | QUALITY_TOLERANCE 10 | quality=medium | 140 | audio/mp4 | medium; codec=aac; bitrate=140800
just above the limit               | 139 aac 48000 2000 /139\n140 aac 140801 3584 /140 | QUALITY_TOLERANCE 10 | quality=medium | 139 | audio/mp4 | low; codec=aac; bitrate=48000
of equal ones the first            | 140 aac 129500 3584 /140\n300 aac 129500 3584 /300 | CODEC aac | quality=high | 140 | audio/mp4 | medium; codec=aac; bitrate=129500
ROWS

run_tests();

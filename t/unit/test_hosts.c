
/*
 * Copyright (C) the VOYO authors
 */


/* A URL that yt-dlp names is fetched only from where the operator allows. */

#include "hosts.h"
#include "tap.h"


#define GOOGLE  ".googlevideo.com"


int
main(void)
{
    ok(hosts_allow(GOOGLE, "https://rr1---sn-x.googlevideo.com/videoplayback")
       && hosts_allow(GOOGLE, "HTTPS://A.GoogleVideo.com:443/x")
       && hosts_allow("  a.example   .b.example ", "https://x.b.example/y")
       && hosts_allow("a.example", "https://a.example?x"), "what is allowed");

    ok(!hosts_allow(GOOGLE, "http://a.googlevideo.com/x")
       && !hosts_allow(GOOGLE, "https://a.googlevideo.com:8443/x")
       && !hosts_allow(GOOGLE, "https://googlevideo.com/x")
       && !hosts_allow(GOOGLE, "https://.googlevideo.com.example/x")
       && !hosts_allow(GOOGLE, "https://agooglevideo.com/x")
       && !hosts_allow(GOOGLE, "file:///etc/passwd"), "what is not");

    ok(!hosts_allow(GOOGLE, "https://127.0.0.1/.googlevideo.com")
       && !hosts_allow(GOOGLE, "https://127.0.0.1#a.googlevideo.com")
       && !hosts_allow(GOOGLE, "https://a.googlevideo.com@127.0.0.1/x")
       && !hosts_allow(GOOGLE, "https://127.0.0.1\\.googlevideo.com/x"),
       "tricks");

    ok(hosts_allow("http://127.0.0.1:8081", "http://127.0.0.1:8081/x")
       && !hosts_allow("http://127.0.0.1:8081", "http://127.0.0.1:80812/x")
       && !hosts_allow("http://127.0.0.1:8081", "https://127.0.0.1:8081/x")
       && !hosts_allow("http://127.0.0.1:8081", "http://127.0.0.1:8081@x/"),
       "an origin");

    ok(!hosts_allow("", "https://a.example/") && !hosts_allow(" ", "https:///"),
       "nothing is allowed");

    return done();
}

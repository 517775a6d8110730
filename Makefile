# VOYO.  GNU make; `make help` lists the targets.

ifneq ($(words $(CURDIR)),1)
$(error "$(CURDIR)" contains a space: move VOYO to another directory)
endif

MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

BUILD := $(CURDIR)/build
PREFIX := /opt/voyo
NGINX_DEV := /usr/share/nginx/src

CC := gcc
OPTIMIZE := -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wvla -Wformat=2 -Werror
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
INCLUDES := -Icommon -Iresolver -Iresolver/core -Iresolver/worker
CFLAGS := -std=c11 -D_GNU_SOURCE $(INCLUDES) -pthread $(WARNINGS)
LDFLAGS := -pie -Wl,-z,relro,-z,now
# nginx's configure would take them from the environment
unexport CFLAGS CPPFLAGS LDFLAGS
MODULE_CFLAGS := $(OPTIMIZE) -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
                 -Wformat=2 -Wno-format-nonliteral
PACKAGES := hiredis libcjson libpcre2-8 libssl
LIBS := -lhiredis -lcjson -lpcre2-8 -lpthread -lm

# rediss:// needs hiredis 1.0 with its ssl library (docs/upstream.md, H1)
TLS := $(shell $(CC) -E -include hiredis/hiredis.h \
         -include hiredis/hiredis_ssl.h common/voyo_redis_tls.c \
         > /dev/null 2>&1 && echo yes)

ifeq ($(TLS),yes)
CFLAGS += -DVOYO_REDIS_TLS
LIBS := -lhiredis_ssl $(LIBS) -lssl -lcrypto
endif

COMMON := $(wildcard common/*.c)
ifneq ($(TLS),yes)
COMMON := $(filter-out %_tls.c,$(COMMON))
endif
LUA := $(wildcard common/lua/*.lua)
RESOLVER := $(wildcard resolver/*.c resolver/*/*.c)
UNITS := $(basename $(notdir $(wildcard t/unit/test_*.c)))

# The C outside nginx is built in flavours, each in its own directory.
FLAVOURS := plain asan tsan
FLAGS_plain := $(OPTIMIZE) $(HARDEN)
FLAGS_asan := -O1 -g -fno-omit-frame-pointer -fPIE \
              -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_tsan := -O1 -g -fno-omit-frame-pointer -fPIE -fsanitize=thread


.PHONY: help deps build run demo test test-long check unit bench clean players \
        debian faults fronts image test-image test-platforms \
        matrix \
        install deb test-deb \
        module resolver resolver-asan resolver-tsan plugin \
        nginx-asan nginx-valgrind update-ytdlp fuzz mutants FORCE

help:           ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' Makefile \
	    | while read -r name what; do printf '%-15s %s\n' "$$name" "$$what"; done

deps:           ## install missing packages needed to build and run
	@util/deps run

run: deps       ## install, build and start everything, until Ctrl-C
	@$(MAKE) build
	@VOYO_DEMO=$${VOYO_DEMO-1} exec deploy/voyo

demo:           ## the same on a stand-in source, without a network
	@util/deps demo
	@$(MAKE) build
	@exec deploy/demo

test:           ## install, build and run every quick test, as CI does
	@util/deps test
	@$(MAKE) build nginx-asan
	@exec util/test

test-long:      ## every test, repeated, with sanitizers and fuzzing
	@util/deps players
	@util/deps image
	@$(MAKE) build resolver-asan resolver-tsan nginx-asan nginx-valgrind
	@exec util/test --long

players:        ## measure every player and update docs/players.md
	@util/deps players
	@$(MAKE) build
	@exec util/players

debian:         ## the README's own lines in fresh chroots of 12, 13 and sid
	@util/deps players
	@exec /usr/bin/python3 -B t/long_debian.py

faults: build   ## what 100 listeners notice while something fails, as a table
	@exec t/faults/run.py

fronts:         ## measure VOYO behind the reverse proxies that are installed
	@util/deps test
	@$(MAKE) build
	@t/browser/run t/fronts/listen.js > /dev/null
	@exec t/fronts/run.py

matrix:         ## the .t suites with each nginx; NGINX_SOURCES: more of them
	@util/deps test
	@$(MAKE) build
	@exec util/matrix $(NGINX_SOURCES)

image:          ## build the container image, with docker, podman or buildah
	@exec util/image

test-image:     ## build the image, and test what runs in it; 10 minutes
	@util/deps image
	@$(MAKE) build
	@t/image/test_image.py
	@t/image/test_compose.py

test-platforms: ## test what Nixpacks and Railpack make of this; 10 minutes
	@util/deps image
	@$(MAKE) build
	@exec t/image/test_platforms.py

check:          ## style, dependency direction, static analysis
	@exec util/check

mutants:        ## break each law once; the tests must fail
	@exec util/mutants

FUZZERS := line mp4 record text url
FUZZ_SECONDS ?= 60

fuzz:           ## fuzz the parsers of all data from outside
	@util/nginx-source asan
	@for each in $(FUZZERS); do \
	    sources='$(filter-out %_tls.c,$(COMMON)) $(FUZZED)'; \
	    [ "$$each" != url ] || sources='$(FUZZ_NGINX)'; \
	    mkdir -p $(BUILD)/fuzz/$$each; \
	    clang -std=gnu11 -D_GNU_SOURCE -Icommon -Iresolver/core -g -O1 \
	        -fsanitize=fuzzer,address,undefined \
	        -fno-sanitize=nonnull-attribute,shift-base \
	        -fno-sanitize-recover=all -o $(BUILD)/fuzz/fuzz_$$each \
	        t/fuzz/fuzz_$$each.c $$sources \
	        -lcjson -lpcre2-8 -lm || exit 1; \
	    $(BUILD)/fuzz/fuzz_$$each -max_total_time=$(FUZZ_SECONDS) \
	        -max_len=20000 -timeout=5 -rss_limit_mb=1024 \
	        -print_final_stats=1 -verbosity=0 \
	        -artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/$$each \
	        t/fuzz/corpus/$$each || exit 1; \
	done

# the module's parsers, with the files of nginx's own source that they use

FUZZ_NGINX = $(patsubst %,-I$(wildcard $(BUILD)/nginx-source-*/src)/%, \
        core event event/modules os/unix http http/modules http/v2) \
    -I$(BUILD)/nginx-asan -Ingx_voyo_module -Ingx_voyo_module/origin \
    -Ingx_voyo_module/http ngx_voyo_module/origin/ngx_voyo_hosts.c \
    ngx_voyo_module/origin/ngx_voyo_media_url.c \
    ngx_voyo_module/http/ngx_voyo_range.c \
    $(patsubst %,$(wildcard $(BUILD)/nginx-source-*/src)/core/ngx_%.c, \
        string palloc array inet) \
    $(wildcard $(BUILD)/nginx-source-*/src)/os/unix/ngx_alloc.c

FUZZED := $(wildcard resolver/core/*.c)

bench: build    ## measure the time to the first byte, and CPU time
	@exec /usr/bin/python3 bench/run.py

build: module resolver  ## the nginx module and the resolver, into build/

update-ytdlp: resolver  ## switch to the newest yt-dlp if it works; for cron
	@exec deploy/ytdlp $(BUILD)/prefix

install: build  ## copy what a server needs to PREFIX (/opt/voyo)
	@deploy/install "$(DESTDIR)$(PREFIX)"

deb:            ## build Debian packages of this release, into build/deb
	@exec util/deb

test-deb:       ## install, use, upgrade and remove them in a chroot
	@util/deps players
	@exec /usr/bin/python3 t/long_deb.py -v

clean:          ## remove build output, but not installed programs
	rm -rf $(addprefix $(BUILD)/,versions nginx fuzz plugins unit common \
	    voyo-resolver voyo-resolver-asan voyo-resolver-tsan \
	    nginx-asan nginx-valgrind $(FLAVOURS))


# What everything is built with.  An upgrade of the compiler, a library or nginx
# installs files that are older than the build, so this file is written whenever
# a version is another one, and everything depends on it.

$(BUILD)/versions: FORCE
	@pkg-config --exists $(PACKAGES) \
	    || { echo 'libraries are missing: run "make deps"' >&2; exit 1; }
	@mkdir -p $(@D)
	@{ $(CC) --version; pkg-config --modversion $(PACKAGES); \
	   [ ! -d $(NGINX_DEV) ] || find -L $(NGINX_DEV) -type f -print0 \
	       | LC_ALL=C sort -z | xargs -0 cksum; } > $@.new
	@cmp -s $@ $@.new || cp $@.new $@


# The module, by nginx's own build system from Debian's nginx-dev; it writes to
# build/nginx only (docs/upstream.md, N9).

module: $(BUILD)/nginx/Makefile
	@$(MAKE) --silent -C $(NGINX_DEV) -f $< modules

$(BUILD)/nginx/Makefile: config config.make Makefile $(BUILD)/versions
	@[ -r $(NGINX_DEV)/conf_flags ] \
	    || { echo 'nginx-dev is missing: run "make deps"' >&2; exit 1; }
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@cd $(NGINX_DEV) && . ./conf_flags \
	    && bash ./configure --builddir=$(@D) "$${NGX_CONF_FLAGS[@]}" \
	       --with-cc-opt='$(MODULE_CFLAGS)' \
	       --with-ld-opt='-Wl,-z,relro,-z,now' \
	       --add-dynamic-module=$(CURDIR) > $(@D)/configure.log \
	    || { tail -n 20 $(@D)/configure.log $(@D)/autoconf.err; exit 1; }


# nginx with the module linked in, from Debian's source package
# (docs/upstream.md, T3).

nginx-asan: $(BUILD)/versions  ## nginx with the module, with ASan and UBSan
	@util/nginx-source asan

nginx-valgrind: $(BUILD)/versions  ## nginx with the module, for Valgrind
	@util/nginx-source valgrind


# The resolver and its yt-dlp plugin.

resolver: $(BUILD)/voyo-resolver plugin
resolver-asan: $(BUILD)/voyo-resolver-asan plugin  ## with ASan and UBSan
resolver-tsan: $(BUILD)/voyo-resolver-tsan plugin  ## with ThreadSanitizer

PLUGIN := $(BUILD)/plugins/voyo/yt_dlp_plugins/extractor

plugin: $(PLUGIN)/ytdlp_proof.py $(PLUGIN)/ytdlp_worker.py

$(PLUGIN)/%: resolver/worker/%
	@install -D -m 644 $< $@

$(BUILD)/voyo-resolver: $(BUILD)/plain/resolver/main.o $(BUILD)/plain/voyo.a
	$(CC) $(FLAGS_plain) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/voyo-resolver-%: $(BUILD)/%/resolver/main.o $(BUILD)/%/voyo.a
	$(CC) $(FLAGS_$*) $(LDFLAGS) -o $@ $^ $(LIBS)


# The rest of the C, and the unit tests: one program per t/unit/test_*.c.

unit: $(foreach flavour,$(FLAVOURS),$(UNITS:%=$(BUILD)/unit/$(flavour)/%))
unit:           ## build the unit tests: plain, ASan with UBSan, TSan

# the generated file with the Lua scripts, for the pattern rule below
vpath common/voyo_lua.c $(BUILD)

$(BUILD)/common/voyo_lua.c: util/embed-lua $(LUA)
	@mkdir -p $(@D)
	@util/embed-lua $(LUA) > $@

define build_flavour
$(BUILD)/$(1)/%.o: %.c Makefile $(BUILD)/versions
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $(FLAGS_$(1)) -MMD -MP -c -o $$@ $$<

$(BUILD)/$(1)/voyo.a: $(patsubst %.c,$(BUILD)/$(1)/%.o,$(COMMON) \
                        common/voyo_lua.c \
                        $(filter-out resolver/main.c,$(RESOLVER)))
	@rm -f $$@
	ar rcs $$@ $$^

$(BUILD)/unit/$(1)/%: $(BUILD)/$(1)/t/unit/%.o $(BUILD)/$(1)/voyo.a
	@mkdir -p $$(@D)
	$(CC) $(FLAGS_$(1)) $(LDFLAGS) -o $$@ $$^ $(LIBS)
endef

$(foreach flavour,$(FLAVOURS),$(eval $(call build_flavour,$(flavour))))

.SECONDARY:
-include $(wildcard $(BUILD)/*/*/*.d $(BUILD)/*/*/*/*.d)

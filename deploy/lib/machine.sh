# What the machine has: sourced by deploy/voyo.


# The smallest limit "$1" (cpu.max, memory.max) from our cgroup up to the
# root, as it stands in the file; empty when there is none.

cgroup_limits()
{
    local path

    path=$(sed -n 's/^0:://p' /proc/self/cgroup 2> /dev/null || true)

    while :; do
        cat "/sys/fs/cgroup$path/$1" 2> /dev/null || true
        case $path in
        */*) path=${path%/*} ;;
        *) break ;;
        esac
    done
}


# Cores: those we may run on, and no more than the cgroup pays for.

cores()
{
    local cores quota period limit

    cores=$(nproc)

    while read -r quota period; do
        [ "$quota" != max ] || continue
        limit=$(((quota + period - 1) / period))
        [ "$limit" -ge "$cores" ] || cores=$limit
    done < <(cgroup_limits cpu.max
             paste /sys/fs/cgroup/cpu/cpu.cfs_{quota,period}_us \
                 2> /dev/null | grep -v '^-' || true)

    echo "$((cores > 0 ? cores : 1))"
}


# Megabytes of memory: what there is, and no more than the cgroup allows.

memory()
{
    local all limit

    all=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)

    while read -r limit; do
        [ "$limit" != max ] || continue
        limit=$((limit / 1048576))
        [ "$limit" -ge "$all" ] || all=$limit
    done < <(cgroup_limits memory.max
             cat /sys/fs/cgroup/memory/memory.limit_in_bytes \
                 2> /dev/null || true)

    echo "$all"
}


# Half of the free disk under the directory "$1" and what its file cache has
# already, in megabytes, at most 1024.

cache_megabytes()
{
    local free used

    free=$(df --output=avail -m "$1" | tail -n 1)
    used=$(du -sm "$1/cache" 2> /dev/null | cut -f 1)
    free=$(((free + ${used:-0}) / 2))

    echo "$((free > 1024 ? 1024 : free > 16 ? free : 16))"
}


# The system's name servers in nginx's form.

name_servers()
{
    local word server _

    while read -r word server _; do
        [ "$word" = nameserver ] || continue

        case $server in
        *[!0-9a-fA-F.:%]* | '')
            # a scope id is a name
            case ${server%%%*} in
            *[!0-9a-fA-F:]* | '') continue ;;
            esac
            ;;
        esac

        server=${server%%%*}
        case $server in
        *:*) echo "[$server]" ;;
        *) echo "$server" ;;
        esac
    done < "$1"
}


ipv6_there()
{
    # files of /proc have no size
    grep -q . /proc/net/if_inet6 2> /dev/null
}


# Whether nobody listens on PORT.

port_free()
{
    local hex file

    hex=$(printf ':%04X' "$PORT")

    for file in /proc/net/tcp /proc/net/tcp6; do
        [ -r "$file" ] || continue
        ! awk -v port="$hex" '$4 == "0A" && $2 ~ port "$" { found = 1 }
                              END { exit !found }' "$file" || return 1
    done
}

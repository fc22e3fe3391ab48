#!/bin/sh
# Gives the tree that Asterisk is chrooted into the device nodes that a pulled base image comes without.
set -eu
tree=/srv/asterisk/dev
for node in null:1:3 zero:1:5 random:1:8 urandom:1:9; do
    name=${node%%:*} numbers=${node#*:}
    [ -c "$tree/$name" ] || { rm -f "${tree:?}/$name"; mknod -m 666 "$tree/$name" c "${numbers%:*}" "${numbers#*:}"; }
done
exec hotline "$@"

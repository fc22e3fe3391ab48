"""Interactive voice response: menus as data, rendered to the dialplan; prompts; the dialplan contract with `acd`.

In: a menu file (YAML) and settings. Out: Asterisk configuration in which a caller is greeted, sorted and held, and
is never stranded: a caller whose controller is gone goes to the fallback queue, then to the message box.

`node` renders one Asterisk's configuration from the templates in docker/asterisk; `menu` and `menu_reader` read and
check the menus, `render` turns them into dialplan; `paths` says where a node's files lie; `journal` reads what it wrote
about its calls. The dialplan itself, with what `acd` may do to a caller in it, is docker/asterisk/extensions.conf.j2;
`hotline.processes.asterisk` starts and stops the program.
"""

//! A pure call-routing engine: directory, lines, welcome message, extensions, menus, queues, forwarding.

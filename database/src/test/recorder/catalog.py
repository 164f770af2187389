"""The workloads: name -> (what the settings promise, function of workloads.py, its arguments)."""

WORKLOADS = {}


def add(name, mode, function, *args):
    WORKLOADS[name] = (mode, function, args)


for _mode in ("delete", "truncate", "persist"):
    for _sync in ("off", "normal", "full", "extra"):
        add(f"{_mode}_{_sync}", f"rb_{_sync}", "plain", _mode, _sync)
for _sync in ("off", "normal", "full"):
    add(f"wal_{_sync}", f"wal_{_sync}", "checkpoints", _sync)
for _mode, _sync in (("delete", "full"), ("persist", "normal"), ("truncate", "off"), ("delete", "off")):
    add(f"spill_{_mode}_{_sync}", f"rb_{_sync}", "spills", _mode, _sync)
add("spill_wal_full", "wal_full", "spills", "wal", "full")
add("spill_wal_normal", "wal_normal", "spills", "wal", "normal")
for _name, _mode, _sync, _fault in (
    ("died_spill", "delete", "full", ("W", "a.db", 4, -1)),
    ("died_prepared", "delete", "full", ("U", "-journal", 1, -1)),
    ("died_prepared_truncate", "truncate", "full", ("T", "-journal", 1, -1)),
    ("died_in_write", "persist", "normal", ("W", "a.db", 3, -1)),
    ("died_off", "delete", "off", ("U", "-journal", 1, -1)),
):
    add(_name, f"rb_{_sync}", "dies", _mode, _sync, _fault, _sync, False)
add("died_prepared_rolled_back_off", "rb_full", "dies", "delete", "full", ("U", "-journal", 1, -1), "off", False)
add("died_mid_spill", "rb_full", "dies", "delete", "full", ("W", "a.db", 14, -1), "full", True)
add("refused_unlink", "rb_full", "refuses", "delete", ("U", "-journal"), 5)
add("refused_truncate", "rb_full", "refuses", "truncate", ("T", "-journal"), 5)
add("refused_zeros", "rb_full", "refuses_zeros")
add("refused_fsync", "rb_full", "refuses", "delete", ("S", "a.db"), None)
add("refused_wal_sync", "wal_full", "refuses_wal_sync")
add("refused_wal_write", "wal_full", "refuses_wal_write")
for _mode, _sync in (("delete", "full"), ("delete", "normal"), ("persist", "full"), ("truncate", "full")):
    add(f"multi_{_mode}_{_sync}", f"rb_{_sync}", "joint", _mode, _sync)
for _name, _fault in (
    ("super", ("U", "*-mj", 1, -1)),
    ("middle", ("S", "b.db", 1, -1)),
    ("after", ("U", "*-mj", 1, -2)),
    ("child", ("U", "b.db-journal", 1, -1)),
):
    add(f"multi_died_{_name}", "rb_full", "joint_dies", _fault)
add("multi_unmodified", "rb_full", "joint_unmodified")
add("multi_wal", "wal_full", "two_wals")
add("drop_recreate", "rb_full", "drops", "delete")
add("drop_wal", "wal_full", "drops", "wal")
add("drop_off", "rb_off", "drops", "delete", "off")
add("mode_changes", "rb_full", "mode_changes")
add("mode_changes_off", "rb_off", "mode_changes", "off")
add("mode_tour", "rb_full", "mode_tour")
add("vacuum_page_size", "rb_full", "vacuums")
add("vacuum_wal", "wal_full", "vacuums_wal")
add("autovacuum_delete", "rb_full", "autovacuums", "delete", "full")
add("autovacuum_wal", "wal_normal", "autovacuums", "wal", "normal")
add("exclusive_delete", "rb_full", "exclusive", "delete")
add("exclusive_wal", "wal_full", "exclusive", "wal")
add("died_wal_full", "wal_full", "dies_in_wal", "full")
add("died_wal_normal", "wal_normal", "dies_in_wal", "normal")
add("died_wal_again", "wal_full", "dies_in_wal", "full", True)
add("died_checkpoint", "wal_normal", "dies_in_checkpoint")
add("foreign_fsync", "rb_full", "foreign_fsync")
for _mode, _sync in (("delete", "off"), ("persist", "full"), ("wal", "normal")):
    add(f"tiny_{_mode}_{_sync}", f"{'wal' if _mode == 'wal' else 'rb'}_{_sync}", "tiny", _mode, _sync)
add("memory_full", "rb_full", "plain", "memory", "full")
add("journal_off_full", "rb_full", "no_rollback", "full")
add("memory_off", "adopt", "unjournaled")
add("copied_over", "adopt", "copied_over")
add("mmap_wal", "wal_full", "mapped", "wal")
add("mmap_delete", "rb_full", "mapped", "delete")
add("pages_512_wal", "wal_full", "page_size", "wal", "full", 512)
add("pages_512_delete", "rb_full", "page_size", "delete", "full", 512)
add("pages_64k_wal", "wal_full", "page_size", "wal", "full", 65536)
add("pages_64k_delete", "rb_full", "page_size", "delete", "full", 65536)
add("savepoints_delete", "rb_full", "savepoints", "delete")
add("savepoints_wal", "wal_full", "savepoints", "wal")

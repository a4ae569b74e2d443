-- What the roles of grant_roles may do; inspect is in use, and use is in admin. A routine that is not named here runs with the rights of its caller
-- and is for use; one that runs with those of its owner is for nobody then. What does not exist is passed over. owner: nobody else;
-- public: everybody, as what triggers call is called by whoever writes.
create or replace function fencepost.role_grants()
  returns table (role text, kind text, name text, privileges text)
  language sql immutable
as $$
  select listed.role, listed.kind, name, listed.privileges
  from (
    values
      ('public', 'routine', 'execute', 'check_write'),

      ('inspect', 'table', 'select', 'boot bypasses epochs holders installations locks migrations once protected_tables sessions'),
      ('inspect', 'table', 'select', 'shared_tokens violations waiters semaphores single_results'),
      ('inspect', 'table', 'select', 'jobs finished_jobs job_list job_limits job_logs job_starts job_windows queues workers'),
      ('inspect', 'table', 'select', 'schedules schedule_ticks schedule_list tick_list'),
      ('inspect', 'table', 'select', 'history history_entries history_names'),
      ('inspect', 'sequence', 'select', 'tickets tokens'),
      ('inspect', 'routine', 'execute', 'who inspect inspect_foreign list_locks name_locks read_lock_table lock_table advisory_locks'),
      ('inspect', 'routine', 'execute', 'line_waits live_sessions list_history'),
      ('inspect', 'routine', 'execute', 'key gate gate_of token_key held_token held_keys is_held'),
      ('inspect', 'routine', 'execute', 'known_keys known_range crc32 family rule_of once_token_key once_lock'),
      ('inspect', 'routine', 'execute', 'permits describe_permit semaphore_lock'),
      ('inspect', 'routine', 'execute', 'job_counts count_jobs sample_jobs ready_queues list_jobs namespace_of job_clock'),

      ('use', 'table', 'insert, delete', 'holders shared_tokens waiters'),
      ('use', 'table', 'select', 'evictions'),
      ('use', 'table', 'insert, update, delete', 'history_entries'),
      ('use', 'table', 'select, insert, update, delete', 'once_keys'),
      ('use', 'table', 'insert, update, delete', 'semaphores single_results'),
      ('use', 'table', 'insert, update, delete', 'jobs finished_jobs job_limits job_logs job_starts job_windows workers'),
      ('use', 'table', 'insert, update, delete', 'schedule_ticks'),
      ('use', 'table', 'insert', 'schedules'),
      ('use', 'table', 'update (expression, tz, missed, overlap, lost, history, revision, declared_at)', 'schedules'),
      ('use', 'table', 'update (application, host, process, settled_until, next_at, missed_ticks, skipped_ticks)', 'schedules'),
      ('use', 'sequence', 'usage', 'tickets tokens'),
      ('use', 'routine', 'execute', 'open_session ensure_epoch prepare_epoch collect_shared_tokens'),
      ('use', 'routine', 'execute', 'admit forget_tokens refuse_truncate'),

      ('admin', 'table', 'insert (reason)', 'bypasses'),
      ('admin', 'table', 'insert, update, delete', 'evictions'),
      ('admin', 'table', 'insert, update', 'queues'),
      ('admin', 'table', 'update (paused_at, paused_by), delete', 'schedules'),
      ('admin', 'routine', 'execute', 'pause_schedule resume_schedule run_schedule forget_schedule'),
      ('admin', 'table', 'insert, update, delete', 'history_names'),
      ('admin', 'routine', 'execute', 'record_history stop_history note_eviction'),
      ('admin', 'routine', 'execute', 'pause_queue resume_queue retry_job redrive_jobs revive_jobs rejoin_parents await_children take_finished_keys'),
      ('admin', 'routine', 'execute', 'bypass evict find_evictee request_eviction close_gate end_evictees steal keep_gate take_over'),

      ('owner', 'routine', 'execute', 'create_role grant_roles raise_epoch rise_above')
  ) as listed (role, kind, privileges, names), regexp_split_to_table(listed.names, ' ') as name
$$;

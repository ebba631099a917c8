"""The rules that this library keeps, and the tests that prove each of them.

``checks.py`` has the checks behind them, and ``mutants.py`` shows that the tests notice when one is missing.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    text: str
    tests: tuple[str, ...]


RULES = {
    1: Rule(
        'Whatever bytes arrive, they are parsed or raise an error of the library.',
        (
            'tests/fuzz/test_decoders.py::test_mutated_bytes_are_read_or_refused',
            'tests/fuzz/test_hostile.py::test_what_lies_about_its_shape_is_refused',
            'tests/fuzz/test_session_frames.py::test_mutated_frames_are_read_or_refused',
            'tests/session/test_garbage.py::test_answer_cut_at_any_length',
            'tests/session/test_garbage.py::test_any_frame',
            'tests/wire/test_structure.py::test_random_bytes_are_a_structure_or_a_protocol_error',
        ),
    ),
    2: Rule(
        'Nothing is allocated by a length off the wire beyond what was negotiated. Every loop moves on.',
        (
            'tests/session/test_garbage.py::test_no_number_in_an_answer_is_believed_to_be_a_length',
            'tests/session/test_negotiate.py::test_sizes_are_cut_to_what_can_be_sent',
            'tests/session/test_transport.py::test_bytes_that_are_no_frame_end_the_connection',
            'tests/fuzz/test_hostile.py::test_no_frame_costs_64_mib',
            'tests/messages/test_fscc.py::test_next_entry_must_stand_behind_this_one_and_inside_the_buffer',
            'tests/attacks/test_endless.py::test_listing_of_ever_new_names_comes_to_an_end',
            'tests/attacks/test_attacks.py::test_attack_is_refused',
        ),
    ),
    3: Rule(
        'Every answer is matched to a request; at most one interim answer each; other frames end the connection.',
        (
            'tests/session/test_matching.py::test_answer_that_is_none_of_ours_ends_the_connection',
            'tests/session/test_matching.py::test_second_answer_to_a_request_ends_the_connection',
            'tests/session/test_matching.py::test_second_interim_answer_ends_the_connection',
            'tests/session/test_smb1_matching.py::test_answer_that_is_none_of_ours_ends_the_connection',
            'tests/session/test_transport.py::test_receive_skips_keepalive_packets',
            'tests/session/test_transport.py::test_bytes_that_are_no_frame_end_the_connection',
            'tests/attacks/test_attacks.py::test_attack_is_refused',
        ),
    ),
    4: Rule(
        'On a session that signs or encrypts, an answer that does not ends the connection.',
        (
            'tests/session/test_signing_rules.py::test_session_that_signs_ends_with_an_answer_that_does_not',
            'tests/session/test_signing_rules.py::test_unsigned_word_that_the_session_has_ended_ends_the_connection',
            'tests/session/test_signing_rules.py::test_tree_connect_is_proved_at_311_even_where_nothing_else_is',
            'tests/session/test_signing_rules.py::test_unsigned_session_signs_only_what_always_is',
            'tests/session/test_sealing_rules.py::test_plain_answer_ends_an_encrypted_session',
            'tests/session/test_sealing_rules.py::test_plain_answer_from_an_encrypted_share_ends_the_connection',
            'tests/session/test_sign_on.py::test_last_answer_proves_the_key',
            'tests/session/test_expiry.py::test_expired_session_is_renewed_with_its_keys_and_the_request_repeated',
            'tests/session/test_smb1_signing.py::test_session_that_signs_ends_with_an_answer_that_does_not',
            'tests/attacks/test_attacks.py::test_attack_is_refused',
        ),
    ),
    5: Rule(
        'Required signing or encryption cannot be lost.',
        (
            'tests/session/test_negotiate.py::test_answer_that_was_not_offered_is_refused',
            'tests/session/test_negotiate.py::test_negotiation_that_is_not_confirmed_ends_the_connection',
            'tests/session/test_negotiate.py::test_negotiate_answer_changed_on_the_way_is_found_out_at_311',
            'tests/session/test_sign_on.py::test_guest_and_null_sessions_are_refused_where_protection_is_required',
            'tests/session/test_sign_on.py::test_session_with_a_key_loses_no_protection_by_a_flag',
            'tests/session/test_expiry.py::test_new_session_must_have_the_protection_that_is_required',
            'tests/auth/test_auth.py::TestDowngrade::test_ntlm_v2_and_signing_require_more',
            'tests/auth/test_auth.py::TestNTLMv2::test_answer_has_the_servers_time_a_mic_and_the_target_name',
            'tests/attacks/test_attacks.py::test_attack_is_refused',
        ),
    ),
    6: Rule(
        'SMB1 is tried only after SMB2 found nobody, and never where it could not give what the caller requires.',
        (
            'tests/session/test_smb1_fallback.py::test_smb1_is_not_tried_where_the_caller_rules_it_out',
            'tests/session/test_smb1_fallback.py::test_server_that_refuses_in_smb2_is_not_asked_for_smb1',
            'tests/session/test_smb1_fallback.py::test_smb1_is_signed_where_that_is_required',
            'tests/session/test_smb1_fallback.py::test_switch_of_smb1_is_read_when_connecting',
            'tests/session/test_smb1_sign_on.py::test_server_that_cannot_be_talked_to_is_told_nothing',
            'tests/attacks/test_attacks.py::test_attack_is_refused',
        ),
    ),
    7: Rule(
        'Names that a server hands out lead nowhere else; what writes to local paths checks them again.',
        (
            'tests/messages/test_fscc.py::test_names_that_no_file_can_have_are_refused_and_shown',
            'tests/messages/test_srvsvc.py::test_names_that_no_share_can_have_are_refused_and_shown',
            'tests/attacks/test_download.py::test_name_that_leads_elsewhere_ends_the_download',
            'tests/attacks/test_download.py::test_name_is_checked_again_before_it_becomes_a_path',
            'tests/attacks/test_download.py::test_name_that_windows_takes_for_something_else_is_refused_there',
            'tests/attacks/test_download.py::test_link_that_stands_in_the_folder_is_not_followed',
            'tests/attacks/test_download.py::test_link_on_the_server_is_not_followed',
        ),
    ),
    8: Rule(
        'A timeout is kept, and after a failure a connection is either usable or closed.',
        (
            'tests/session/test_timeouts.py::test_connection_works_after_a_timeout_of_any_request',
            'tests/session/test_timeouts.py::test_no_handle_is_left_whichever_answer_is_late',
            'tests/session/test_timeouts.py::test_request_that_timed_out_is_cancelled_and_its_late_answer_dropped',
            'tests/session/test_timeouts.py::test_each_answer_gives_the_server_the_whole_time_again',
            'tests/live/test_cuts.py::test_cut_behind_every_frame',
            'tests/live/test_cuts.py::test_a_timeout_is_kept_and_late_answers_are_dropped',
            'tests/test_connection_life.py::test_a_connect_that_is_not_answered_ends_in_time_and_closed',
        ),
    ),
    9: Rule(
        'Success means the right bytes.',
        (
            'tests/session/test_matching.py::test_more_data_than_were_asked_for_are_refused_and_the_handle_is_closed',
            'tests/operations/test_store.py::test_a_server_that_takes_nothing_is_an_error',
            'tests/operations/test_listing.py::test_a_listing_that_breaks_off_is_an_error',
            'tests/attacks/test_download.py::test_file_of_another_length_than_was_said_is_no_file',
            'tests/attacks/test_attacks.py::test_attack_is_refused',
        ),
    ),
    10: Rule(
        'No secret is shown, logged or pickled.',
        (
            'tests/attacks/test_secrets.py::test_attack_brings_no_secret_to_light',
            'tests/attacks/test_secrets.py::test_work_brings_no_secret_to_light',
            'tests/attacks/test_secrets.py::test_refusal_brings_no_secret_to_light',
            'tests/session/test_secrets.py::test_failed_sign_on_shows_no_token',
            'tests/wire/test_structure.py::test_a_secret_is_neither_in_repr_nor_in_an_error_nor_in_a_pickle',
        ),
    ),
    11: Rule(
        'Memory is bounded by the window.',
        (
            'tests/live/test_large.py::test_a_large_file_arrives_intact_within_64_mebibytes_of_memory',
            'tests/session/test_matching.py::test_memory_of_a_released_answer_is_used_for_the_next_one',
            'tests/session/test_transport.py::test_memory_that_is_kept_for_later_frames_is_bounded',
            'tests/operations/test_store.py::test_writes_are_under_way_up_to_the_window_and_no_further',
        ),
    ),
    12: Rule(
        'What the bytes prove wrong is a ProtocolError that says so; connect() is False only for a refused user.',
        (
            'tests/attacks/test_attacks.py::test_attack_is_refused',
            'tests/session/test_matching.py::test_first_line_of_the_error_says_it_and_the_header_follows',
            'tests/session/test_sign_on.py::test_other_status_at_the_sign_on_is_an_error_that_names_it',
            'tests/session/test_smb1_sign_on.py::test_other_status_at_sign_on_is_an_error',
        ),
    ),
    13: Rule(
        'Where a server refuses a compound or an information class, plainer requests are sent, and that is remembered.',
        (
            'tests/session/test_compounds.py::'
            'test_job_is_done_step_by_step_where_compounds_are_refused_and_that_is_remembered',
            'tests/session/test_compounds.py::'
            'test_refused_information_class_gives_way_to_a_plainer_one_and_that_is_remembered',
            'tests/session/test_smb1_sign_on.py::test_level_that_was_refused_is_not_asked_for_again',
        ),
    ),
}

"""pandas and PyArrow read and write tables on a share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest
from pandas.testing import assert_frame_equal


@pytest.fixture(scope='module')
def table():
    """A table of some megabytes."""
    random = np.random.default_rng(7)
    rows = 100_000
    return pd.DataFrame(
        {
            'number': np.arange(rows),
            'value': random.normal(size=rows),
            'name': random.choice(['Zürich', 'Łódź', '東京', ''], size=rows),
            'group': random.integers(0, 50, size=rows),
        }
    )


@pytest.mark.parametrize('name', ['table.csv', 'table.csv.gz', 'table.csv.zip'])
def test_a_csv_file_is_the_same_on_a_share(share, table, name):
    url = f'{share.url}/{name}'
    table.to_csv(url, index=False, storage_options=share.options)
    expected = pd.read_csv(share.local / name, keep_default_na=False)
    assert_frame_equal(expected, table, check_dtype=False, check_exact=False)
    found = pd.read_csv(url, keep_default_na=False, storage_options=share.options)
    assert_frame_equal(found, expected)


def test_a_csv_file_is_read_in_pieces(share, table):
    table.to_csv(share.local / 'table.csv', index=False)
    pieces = pd.read_csv(
        f'{share.url}/table.csv', chunksize=17_000, keep_default_na=False, storage_options=share.options
    )
    with pieces:
        assert_frame_equal(pd.concat(pieces), table, check_dtype=False, check_exact=False)


def test_a_parquet_file_is_the_same_on_a_share(share, table):
    url = f'{share.url}/table.parquet'
    table.to_parquet(url, storage_options=share.options, row_group_size=10_000)
    assert_frame_equal(pd.read_parquet(share.local / 'table.parquet'), table)
    assert_frame_equal(pd.read_parquet(url, storage_options=share.options), table)
    some = pd.read_parquet(url, columns=['value'], filters=[('number', '<', 5_000)], storage_options=share.options)
    assert_frame_equal(some, table.loc[table['number'] < 5_000, ['value']])


def test_a_folder_of_parquet_files_is_read_and_written_by_partitions(share, table):
    table.to_parquet(f'{share.url}/parts', partition_cols=['group'], storage_options=share.options)
    assert len(list((share.local / 'parts').iterdir())) == 50
    found = pd.read_parquet(f'{share.url}/parts', storage_options=share.options)
    found['group'] = found['group'].astype(table['group'].dtype)
    assert_frame_equal(found.sort_values('number', ignore_index=True), table)


def test_json_and_pickles_are_the_same_on_a_share(share, table):
    small = table.head(1000)
    small.to_json(f'{share.url}/table.json', storage_options=share.options, orient='table', index=False)
    found = pd.read_json(f'{share.url}/table.json', storage_options=share.options, orient='table')
    assert_frame_equal(found.reset_index(drop=True), small, check_dtype=False)
    small.to_pickle(f'{share.url}/table.pickle', storage_options=share.options)
    assert_frame_equal(pd.read_pickle(f'{share.url}/table.pickle', storage_options=share.options), small)


def test_what_is_not_there_is_not_found(share):
    with pytest.raises(FileNotFoundError):
        pd.read_csv(f'{share.url}/gone.csv', storage_options=share.options)
    with pytest.raises(FileNotFoundError):
        pd.read_parquet(f'{share.url}/gone.parquet', storage_options=share.options)
    with pytest.raises(PermissionError):
        pd.read_csv(f'{share.url}/gone.csv', storage_options={**share.options, 'password': 'wrong'})


def test_pyarrow_reads_and_writes_datasets_with_threads_of_its_own(share, table):
    whole = pa.Table.from_pandas(table)
    pa.dataset.write_dataset(
        whole, share.path, format='parquet', filesystem=share.fs, max_rows_per_file=5_000, max_rows_per_group=5_000
    )
    assert len(list(share.local.glob('*.parquet'))) == 20
    found = pa.dataset.dataset(share.path, format='parquet', filesystem=share.fs).to_table()
    assert_frame_equal(found.to_pandas().sort_values('number', ignore_index=True), table)
    assert pa.parquet.read_table(f'{share.path}/part-0.parquet', filesystem=share.fs).num_rows == 5_000
    assert len(share.fs._pool) <= pa.io_thread_count() + pa.cpu_count() + 1

import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { plural } from "@/lib/format";
import type { TabularData, TabularRow } from "@/lib/tabular";
import { cellText, compareCells } from "@/lib/tabular";

const PAGE = 10;

/** A data frame: sortable, searched, paged. */
export function DataTable({ table, title }: { table: TabularData; title: string }) {
  const { items, collectionProps, paginationProps, filterProps, filteredItemsCount } = useCollection(
    table.rows as TabularRow[],
    {
      pagination: { pageSize: PAGE },
      sorting: {},
      filtering: {
        filteringFunction: (row, text) =>
          row.some((cell) => cellText(cell).toLowerCase().includes(text.trim().toLowerCase())),
        noMatch: <Box textAlign="center">No row holds that.</Box>,
        empty: <Box textAlign="center">The table is empty.</Box>,
      },
    },
  );
  const long = table.rows.length > PAGE;
  return (
    <div className="aci-table">
      <Table<TabularRow>
        {...collectionProps}
        variant="borderless"
        contentDensity="compact"
        items={items}
        columnDefinitions={table.columns.map((column, at) => ({
          id: String(at),
          header: column.name,
          cell: (row) => <Cell value={row[at]} numeric={column.numeric} />,
          sortingComparator: (one, other) => compareCells(one[at], other[at]),
          isRowHeader: column.isIndex,
        }))}
        header={
          <Header variant="h3" headingTagOverride="h2" counter={`(${sizeOf(table)})`}>
            {title}
          </Header>
        }
        filter={
          long && (
            <TextFilter
              {...filterProps}
              filteringPlaceholder="Find rows"
              filteringAriaLabel="Find rows"
              countText={plural(filteredItemsCount ?? 0, "match", "matches")}
            />
          )
        }
        pagination={long && <Pagination {...paginationProps} />}
        ariaLabels={{ tableLabel: title }}
      />
    </div>
  );
}

function Cell({ value, numeric }: { value: unknown; numeric: boolean }) {
  if (value === null || value === undefined) return <span className="aci-null">null</span>;
  return <span className={numeric ? "aci-number" : undefined}>{cellText(value)}</span>;
}

function sizeOf({ total, rows, columns }: TabularData): string {
  const some = total > rows.length ? `first ${rows.length.toLocaleString()} of ` : "";
  return `${some}${plural(total, "row")} × ${plural(columns.filter((one) => !one.isIndex).length, "column")}`;
}

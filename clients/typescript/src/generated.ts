export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** BLAKE3 of some bytes as 64 hexadecimal digits; `b3sum FILE` prints the same. */
  ContentId: { input: string; output: string; }
  /** A position in a list or in the events of an inspection. Opaque: send back what you were given. */
  Cursor: { input: string; output: string; }
  /** A moment as RFC 3339 writes it, always in UTC when it is sent: `2026-11-25T18:54:32.000001Z`. */
  DateTime: { input: string; output: string; }
  /** An exact decimal number as text, such as a sum of more digits than a JSON number keeps. */
  Decimal: { input: string; output: string; }
  /** A whole number from 0 to 2^53 − 1, sent as a JSON number: what sizes and counts need, and `Int` does not hold. */
  Long: { input: number; output: number; }
  /** An address on the web. */
  URL: { input: string; output: string; }
};

/** An upload that will not be completed. */
export type AbortUploadInput = {
  /** The upload. */
  uploadId: Scalars['ID']['input'];
};

/** An inspection to change. */
export type ChangeInspectionInput = {
  /** The version the change is meant for: refused if it has another by now. Left out: any. */
  expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The inspection. */
  id: Scalars['ID']['input'];
  /** Why, in a few words; it is kept with the event. */
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** Kinds of alerts. Shares are of values that are not null, unless it says otherwise. */
export type ColumnAlertCode =
  /** Dates of which nothing proves whether the day or the month comes first. Decided by how many. */
  | 'AMBIGUOUS_DATES'
  /** All values are the same. Decided by the number of different ones. */
  | 'CONSTANT'
  /** Different texts of one length. Decided by that length. */
  | 'CONSTANT_LENGTH'
  /** Values that differ only in case or in spaces around them. Decided by their number. */
  | 'DIRTY_CATEGORY'
  /** No record has a value. Decided by the number of values. */
  | 'EMPTY'
  /** Text with many different values, though not all. Decided by `distinct`. */
  | 'HIGH_CARDINALITY'
  /**
   * Few different values, of which some are far more frequent than others. Decided by 1 less the entropy as a
   * share of what it could be.
   */
  | 'IMBALANCE'
  /** Numbers that are infinite. Decided by how many. */
  | 'INFINITE'
  /** Texts with characters that are not seen. Decided by how many. */
  | 'INVISIBLE_CHARACTERS'
  /** Many records have no value. Decided by their share of the records. */
  | 'MISSING'
  /** Dates of which some prove that the day comes first, some that the month does. Decided by the smaller number. */
  | 'MIXED_DATES'
  /** Values of several types, of which none covers all. Decided by the share of the most frequent one. */
  | 'MIXED_TYPES'
  /** Values that are not a number by their own word. Decided by how many. */
  | 'NOT_A_NUMBER'
  /** Most numbers lie on one side of the mean, a few far out on the other. Decided by the absolute skewness. */
  | 'SKEWED'
  /** Texts with spaces at an end. Decided by how many. */
  | 'SURROUNDING_SPACE'
  /** Dates whose year has two digits. Decided by how many. */
  | 'TWO_DIGIT_YEARS'
  /** Few different values, equally frequent. Decided by the entropy as a share of what it could be. */
  | 'UNIFORM'
  /** No value occurs twice. Decided by `distinctShare`. */
  | 'UNIQUE'
  /** Many numbers are zero. Decided by their share. */
  | 'ZEROS';

/** An upload of which all blocks are there. */
export type CompleteUploadInput = {
  /** BLAKE3 of the bytes, if the client knows it: other bytes are then refused, where the storage can tell. */
  contentId?: InputMaybe<Scalars['ContentId']['input']>;
  /** The upload. */
  uploadId: Scalars['ID']['input'];
};

/** How much of the file the result is based on. */
export type Coverage =
  /** Every byte. */
  | 'COMPLETE'
  /** Nothing. */
  | 'NONE'
  /** Parts of it, because the rest was not reached. */
  | 'PARTIAL'
  /** A sample, because a sample was asked for. */
  | 'SAMPLED';

/** A file to inspect. */
export type CreateInspectionInput = {
  /** The file; it need not be complete yet. */
  fileId: Scalars['ID']['input'];
  /** Names this request: sent again with the same key it gives the same inspection. */
  idempotencyKey: Scalars['String']['input'];
  /** Higher goes first, −100 to 100. */
  priority?: Scalars['Int']['input'];
  /** What to do; everything is optional. */
  spec?: InspectionSpecInput;
};

/** A file to upload. */
export type CreateUploadInput = {
  /** Names this request: sent again with the same key it gives the same upload. */
  idempotencyKey: Scalars['String']['input'];
  /** Name of the file, 1 to 255 bytes. Shown to people, never used as a path. */
  name: Scalars['String']['input'];
  /** Its size in bytes; exactly so many have to come. */
  sizeBytes: Scalars['Long']['input'];
};

/** What a value can be read as. */
export type DataType =
  /** `true false yes no t f y n`, in any case. */
  | 'BOOLEAN'
  /** A calendar date. */
  | 'DATE'
  /** Digits with a decimal point. */
  | 'DECIMAL'
  /** No value at all. */
  | 'EMPTY'
  /** Scientific notation, infinities, NaN. */
  | 'FLOAT'
  /** Digits with an optional sign, no leading zero. */
  | 'INTEGER'
  /** Anything else, and digits with leading zeros: those are codes. */
  | 'STRING'
  /** A time of day. */
  | 'TIME'
  /** A date with a time of day, with or without an offset. */
  | 'TIMESTAMP'
  /** RFC 9562, 36 characters. */
  | 'UUID';

/** Which of two numbers before the year is the day, judged by all dates of a column. */
export type DayMonthOrder =
  /** No date proves either. */
  | 'AMBIGUOUS'
  /** Both are proved: the column mixes the two. */
  | 'MIXED'
  /** The first: at least one date proves it, and none the contrary. */
  | 'PROVED_DAY_FIRST'
  /** The second, likewise. */
  | 'PROVED_MONTH_FIRST';

/** Which way a list is sorted. */
export type Direction =
  /** Smallest, oldest, first letter first. */
  | 'ASC'
  /** Largest, newest, last letter first. */
  | 'DESC';

/** The types of events. More may come. */
export type EventType =
  /** `AlertRaised`. */
  | 'ALERT'
  /** `AttemptChanged`. */
  | 'ATTEMPT'
  /** `CheckpointSaved`. */
  | 'CHECKPOINT'
  /** `PhaseChanged`. */
  | 'PHASE'
  /** `ProfileRevised`. */
  | 'PROFILE'
  /** `StateChanged`. */
  | 'STATE';

/** What happened. More codes may come. */
export type FailureCode =
  /** A person or the system called it off. */
  | 'CANCELLED'
  /** The deadline of the inspection has passed. */
  | 'DEADLINE_EXCEEDED'
  /** There is no such file, or it is none. */
  | 'FILE_NOT_FOUND'
  /** A worker stopped giving signs of life. */
  | 'HEARTBEAT_LOST'
  /** A defect of Data Inspector itself. */
  | 'INTERNAL'
  /** The specification asks for something impossible. */
  | 'INVALID_SPEC'
  /** The file may not be read. */
  | 'PERMISSION_DENIED'
  /** It was tried so often that it is not tried again. */
  | 'RETRIES_EXHAUSTED'
  /** The file changed while it was read. */
  | 'SOURCE_CHANGED'
  /** The storage did not answer, or broke off. */
  | 'STORAGE_UNAVAILABLE'
  /** The file has more columns than the limit. */
  | 'TOO_MANY_COLUMNS'
  /** The bytes are of a format that cannot be inspected. */
  | 'UNSUPPORTED_FORMAT';

/** What kind of failure it is: what to do about it. */
export type FailureKind =
  /** It was called off. */
  | 'CANCELLED'
  /** Change what was asked for. */
  | 'CONFIG'
  /** A worker was lost. */
  | 'HEARTBEAT_LOST'
  /** Stays until somebody changes the file or the system. */
  | 'PERMANENT'
  /** A limit was reached. */
  | 'RESOURCE'
  /** It took too long. */
  | 'TIMEOUT'
  /** Passes by itself. */
  | 'TRANSIENT';

/** Whose failure it is. */
export type FailureOrigin =
  /** What is in the file. */
  | 'FILE_CONTENT'
  /** Data Inspector and what it runs on. */
  | 'PLATFORM'
  /** The place the file comes from. */
  | 'SOURCE'
  /** The storage. */
  | 'STORAGE'
  /** What the user asked for. */
  | 'USER';

/** Which files to list. All conditions must hold; an empty list asks for nothing in particular. */
export type FileFilter = {
  /** With these bytes. */
  contentId?: InputMaybe<Scalars['ContentId']['input']>;
  /** Announced in this time. */
  createdAt?: InputMaybe<TimeRange>;
  /** With this text in the name; A to Z as a to z. */
  nameContains?: InputMaybe<Scalars['String']['input']>;
  /** In one of these states. */
  states?: InputMaybe<Array<FileState>>;
};

/** How files are sorted. */
export type FileOrder = {
  /** Which way. */
  direction?: Direction;
  /** By what. */
  field: FileOrderField;
};

/** What files are sorted by. */
export type FileOrderField =
  /** When they were announced. */
  | 'CREATED_AT'
  /** Their name. */
  | 'NAME'
  /** Their size. */
  | 'SIZE_BYTES';

/** Where the bytes of a file are. More states may come. */
export type FileState =
  /** They will not come; `failure` says why. */
  | 'FAILED'
  /** They are all there and do not change any more. */
  | 'READY'
  /** They are on their way. */
  | 'TRANSFERRING';

/** The kinds of defects. More may come. */
export type FindingCode =
  /** The header has a column without a name. */
  | 'BLANK_LABEL'
  /** A line between records is empty; it is no record. */
  | 'BLANK_ROW'
  /** A name of the header equals an earlier one but for upper and lower case. */
  | 'CASE_COLLIDING_LABEL'
  /**
   * A record with too few or too many fields whose values fit the columns if those from some field on are moved: a
   * delimiter is missing, or one too many, in the middle.
   */
  | 'COLUMN_SHIFT'
  /** A record with too few or too many fields that begins with `#`, where the file has no comments. */
  | 'COMMENT_LIKE_ROW'
  /** Control characters of ASCII other than NUL, tab and line endings; a run of them counts once. */
  | 'CONTROL_CHARACTER'
  /** A name of the header is a number, date, or other typed value. */
  | 'DATA_LIKE_LABEL'
  /** The file begins with two byte-order marks; the second one is skipped too. */
  | 'DOUBLE_BYTE_ORDER_MARK'
  /** Two columns of the header have the same name. */
  | 'DUPLICATE_LABEL'
  /** All fields of a record are empty. */
  | 'EMPTY_ROW'
  /** A record has more fields than there are columns. */
  | 'EXTRA_CELL'
  /** A field longer than 1 MiB. */
  | 'FIELD_TOO_LONG'
  /** Bytes that are not UTF-8; each maximal ill-formed sequence counts once. */
  | 'INVALID_UTF8'
  /** A byte-order mark after the start of the file. */
  | 'MISPLACED_BYTE_ORDER_MARK'
  /** A record has fewer fields than there are columns. */
  | 'MISSING_CELL'
  /** The file ends without a line ending, in its last record or comment. */
  | 'MISSING_FINAL_LINE_ENDING'
  /** A record, blank or comment line ends in another way than most lines at the head of the file. */
  | 'MIXED_LINE_ENDING'
  /** A character of UTF-8 whose bytes were read as Windows-1252 and written as UTF-8 again. */
  | 'MOJIBAKE'
  /** NUL bytes; a run of them counts once. */
  | 'NUL_BYTE'
  /** A name of the header has whitespace around it. */
  | 'PADDED_LABEL'
  /** A line above the header: of another number of cells, or with hardly one filled. It is skipped. */
  | 'PREAMBLE'
  /** A quoted field with a line ending in it. */
  | 'QUOTED_LINE_ENDING'
  /** A record equals the header, cell by cell. */
  | 'REPEATED_HEADER'
  /** The replacement character U+FFFD. */
  | 'REPLACEMENT_CHARACTER'
  /**
   * A quoted field that holds line after line with as many delimiters as a record has: 16 such lines one after
   * another, 256 in a file of two columns.
   */
  | 'RUNAWAY_QUOTE'
  /** A quote inside an unquoted field; it is taken as text. */
  | 'STRAY_QUOTE'
  /** Text between a closing quote and the next delimiter; it is appended to the field. */
  | 'TEXT_AFTER_CLOSING_QUOTE'
  /** The file ends without a line ending in a record that is too short or in an open quote. */
  | 'TRUNCATED_LAST_RECORD'
  /** A quoted field that is still open where the file ends. */
  | 'UNCLOSED_QUOTE'
  /** Bytes that mean nothing in the encoding of the file, where that is not UTF-8. */
  | 'UNDECODABLE_BYTE'
  /** All fields of a record are empty or spaces and tabs, and at least one is not empty. */
  | 'WHITESPACE_ROW';

/** How a file is to be read. What is left out is decided by looking at the file. */
export type FormatInput = {
  /** Character that starts a comment line, one of ASCII; empty: there are no comments. */
  comment?: InputMaybe<Scalars['String']['input']>;
  /** Text between two fields, such as `;` or `||`: one to four bytes of UTF-8. */
  delimiter?: InputMaybe<Scalars['String']['input']>;
  /** Encoding of the text: `utf-8`, `utf-16` (or `utf-16le`, `utf-16be`), or one of single bytes such as `windows-1252`. */
  encoding?: InputMaybe<Scalars['String']['input']>;
  /** Character that escapes a quote, one of ASCII; empty: quotes are doubled. */
  escape?: InputMaybe<Scalars['String']['input']>;
  /** Whether the first record names the columns. */
  header?: InputMaybe<Scalars['Boolean']['input']>;
  /** Character around fields, one of ASCII; empty: there is none. */
  quote?: InputMaybe<Scalars['String']['input']>;
  /** Lines before the first record that are not data. */
  skipLines?: InputMaybe<Scalars['Long']['input']>;
};

/** Why events are gone. */
export type GapReason =
  /** They were older than what is kept. */
  | 'RETENTION';

/** Why the server ends a stream. */
export type GoAwayReason =
  /** The token has expired. */
  | 'EXPIRED'
  /** This server stops; another is there, or will be. */
  | 'SHUTDOWN'
  /** The server cannot read what has happened; try again in a moment. */
  | 'UNAVAILABLE';

/** What a histogram's edges are. */
export type HistogramKind =
  /** Numbers. */
  | 'NUMERIC'
  /** Dates or timestamps. */
  | 'TIME';

/** What may happen to an inspection: by a person, or because the work came to some point. */
export type InspectionCommand =
  /** Everything that is left failed and waits to be tried again. */
  | 'BACK_OFF'
  /** A person wants it called off. */
  | 'CANCEL'
  /** Its deadline has passed. */
  | 'EXPIRE'
  /** It cannot go on. */
  | 'FAIL'
  /** The bytes of the file will not come. */
  | 'FILE_FAILED'
  /** The bytes of the file are there. */
  | 'FILE_READY'
  /** A person wants it held. */
  | 'PAUSE'
  /** A person wants it to go on. */
  | 'RESUME'
  /** A person wants another try of what is left. */
  | 'RETRY'
  /** The time to try again has come. */
  | 'RETRY_DUE'
  /** A worker has taken some of it. */
  | 'START'
  /** The result is durable. */
  | 'SUCCEED'
  /** The last worker has stopped. */
  | 'WORK_DRAINED';

/** Which inspections to list. All conditions must hold; an empty list asks for nothing in particular. */
export type InspectionFilter = {
  /** Asked for in this time. */
  createdAt?: InputMaybe<TimeRange>;
  /** Asked for by one of these people, at most 100. */
  createdBy?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Of one of these files, at most 100. */
  fileIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** One of these, at most 100. */
  ids?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** In one of these states. */
  states?: InputMaybe<Array<InspectionState>>;
  /** With one of these verdicts. */
  verdicts?: InputMaybe<Array<Verdict>>;
};

/** How inspections are sorted. */
export type InspectionOrder = {
  /** Which way. */
  direction?: Direction;
  /** By what. */
  field: InspectionOrderField;
};

/** What inspections are sorted by. */
export type InspectionOrderField =
  /** When they were asked for. */
  | 'CREATED_AT'
  /** When they ended; those that have not count as ending last. */
  | 'ENDED_AT'
  /** Their priority. */
  | 'PRIORITY'
  /** When their newest event was. */
  | 'UPDATED_AT';

/** What an inspection is to do. Everything is optional: what is left out is as most want it. */
export type InspectionSpecInput = {
  /** How the file is to be read, as far as you know it better than the survey. */
  format?: InputMaybe<FormatInput>;
  /** Bars of a histogram, 1 to 1,000. */
  histogramBins?: InputMaybe<Scalars['Int']['input']>;
  /** Cell texts that mean "no value", besides the empty one. */
  nullValues?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Ranks from 0 to 1 at which quantiles are reported, at most 100. */
  quantiles?: InputMaybe<Array<Scalars['Float']['input']>>;
  /** Number of most frequent values reported of a column, 0 to 1,000. */
  topValues?: InputMaybe<Scalars['Int']['input']>;
};

/** What is being done about an inspection. The last four are ends. More states may come. */
export type InspectionState =
  /** It was called off, and no worker is at it. */
  | 'CANCELLED'
  /** It was called off; workers may still be at it. */
  | 'CANCELLING'
  /** It came to its deadline, or was held for too long. */
  | 'EXPIRED'
  /** It cannot go on; what was found before is kept. */
  | 'FAILED'
  /** A person holds it; no worker is at it. */
  | 'PAUSED'
  /** A person holds it; workers are still finishing what they can keep. */
  | 'PAUSING'
  /** It can run, and no worker has taken any of it since it was queued. */
  | 'QUEUED'
  /** Nothing of it can run now: everything that is left failed and waits to be tried again. */
  | 'RETRY_WAIT'
  /** A worker has taken some of it. */
  | 'RUNNING'
  /** The result is complete and durable. */
  | 'SUCCEEDED'
  /** The bytes of the file are not there yet. */
  | 'WAITING_FOR_FILE';

/** What a person may want to do with an inspection. */
export type InspectionVerb =
  /** Call it off. */
  | 'CANCEL'
  /** Hold it. */
  | 'PAUSE'
  /** Make a new inspection of the same file. */
  | 'RERUN'
  /** Let it go on. */
  | 'RESUME'
  /** Try again what is left of it. */
  | 'RETRY';

/** What the work is at. Parts of it may be further. */
export type Phase =
  /** Finding out how the file is to be read. */
  | 'DETECTING'
  /** Nothing is left to do. */
  | 'DONE'
  /** Evaluating the checks. */
  | 'EVALUATING'
  /** Putting partial results together. */
  | 'MERGING'
  /** Making the result durable. */
  | 'PUBLISHING'
  /** Reading the file. */
  | 'SCANNING'
  /** Nothing has begun. */
  | 'WAITING';

/** An inspection to do again. */
export type RerunInspectionInput = {
  /** The inspection to repeat. */
  id: Scalars['ID']['input'];
  /** Names this request: sent again with the same key it gives the same new inspection. */
  idempotencyKey: Scalars['String']['input'];
};

/** What somebody is in a workspace. Each role may do what those before it may. */
export type Role =
  /** May manage people, tokens and settings. */
  | 'ADMIN'
  /** May upload and inspect. */
  | 'EDITOR'
  /** May give the workspace away or end it. */
  | 'OWNER'
  /** May look. */
  | 'VIEWER';

/** Kinds of alerts about rows. */
export type RowAlertCode =
  /** Rows occur more than once. Decided by `surplus` as a share of the rows. */
  | 'DUPLICATE_ROWS'
  /**
   * Two columns say nearly the same. Decided by the larger of the coefficients of Pearson and Spearman, whatever its
   * sign.
   */
  | 'HIGH_CORRELATION';

/** How bad something is. */
export type Severity =
  /** The file says something else than its writer meant, or readers will disagree about it. */
  | 'ERROR'
  /** Worth knowing. */
  | 'INFO'
  /** Readable, but probably not meant so. */
  | 'WARN';

/** The order of the values of a column down the file; nulls are passed over. */
export type SortOrder =
  /** All values are the same. */
  | 'CONSTANT'
  /** No value is larger than the one before. */
  | 'DECREASING'
  /** No value is smaller than the one before. */
  | 'INCREASING'
  /** Each value is smaller than the one before. */
  | 'STRICTLY_DECREASING'
  /** Each value is larger than the one before. */
  | 'STRICTLY_INCREASING'
  /** None of these. */
  | 'UNSORTED';

/** What a worker is to do. */
export type TaskKind =
  /** Write a result in another format. */
  | 'EXPORT'
  /** Copy a file from a source into the storage. */
  | 'IMPORT'
  /** Inspect a part of a file. */
  | 'INSPECT_SPLIT'
  /** Put partial results together. */
  | 'MERGE'
  /** Look at head, middle and tail of a file and say how it is to be read. */
  | 'SURVEY';

/** What is being done about a task. The last four are ends. */
export type TaskState =
  /** It is not wanted any more. */
  | 'CANCELLED'
  /** A worker is at it. */
  | 'CLAIMED'
  /** Its result is accepted. */
  | 'DONE'
  /** It failed in a way that trying again cannot mend. */
  | 'FAILED'
  /** It failed so often that it is not tried again. */
  | 'QUARANTINED'
  /** A worker was told, and has not taken it yet. */
  | 'RELEASED'
  /** An attempt failed; it waits for the next one to be due. */
  | 'RETRY_WAIT'
  /** It waits for what it needs, or for its turn. */
  | 'WAITING';

/** From a moment on, and before another. */
export type TimeRange = {
  /** The first moment after it. */
  before?: InputMaybe<Scalars['DateTime']['input']>;
  /** The first moment of it. */
  from?: InputMaybe<Scalars['DateTime']['input']>;
};

/** Why the server did not do what it was asked to. More codes may come. */
export type UserErrorCode =
  /** Another request is at the same; try again in a moment. */
  | 'BUSY'
  /** The bytes do not have the content id that was declared. */
  | 'CHECKSUM_MISMATCH'
  /** The idempotency key was used before, for another request. */
  | 'IDEMPOTENCY_MISMATCH'
  /** The state it is in does not allow this. */
  | 'ILLEGAL_TRANSITION'
  /** An argument is wrong; `path` says which. */
  | 'INVALID_ARGUMENT'
  /** There is no such thing in this workspace. */
  | 'NOT_FOUND'
  /** Other bytes came than were declared: put the right blocks, then complete it again. */
  | 'SIZE_MISMATCH'
  /** It has changed since the version that was expected: look again, then decide. */
  | 'STALE_VERSION'
  /** The upload took too long and has lapsed: create another. */
  | 'UPLOAD_EXPIRED'
  /** Blocks of the upload are missing: put them, then complete it again. */
  | 'UPLOAD_INCOMPLETE';

/** A meaning beyond the type. */
export type ValueMeaning =
  /** `YYYYMMDD`. */
  | 'COMPACT_DATE'
  /** A country code of two letters, ISO 3166-1. */
  | 'COUNTRY_ALPHA2'
  /** A country code of three letters. */
  | 'COUNTRY_ALPHA3'
  /** An amount with its currency. */
  | 'CURRENCY_AMOUNT'
  /** An e-mail address. */
  | 'EMAIL'
  /** Latitude and longitude. */
  | 'GEO_POINT'
  /** 32, 40 or 64 hexadecimal digits: MD5, SHA-1 or SHA-256. */
  | 'HASH'
  /** An international bank account number whose check digits are right. */
  | 'IBAN'
  /** An IPv4 address. */
  | 'IPV4'
  /** An IPv6 address. */
  | 'IPV6'
  /** A JSON object or array. */
  | 'JSON'
  /** A MAC address, six pairs of hexadecimal digits. */
  | 'MAC_ADDRESS'
  /** A number and `%`. */
  | 'PERCENTAGE'
  /** A telephone number that begins with `+`. */
  | 'PHONE_NUMBER'
  /** `scheme://host…` of a usual scheme. */
  | 'URL'
  /** A UUID. */
  | 'UUID'
  /** A geometry as well-known text. */
  | 'WKT';

/** What the checks say about the data. */
export type Verdict =
  /** A check failed that must not. */
  | 'FAIL'
  /** There were no checks, or they were not decided. */
  | 'NOT_EVALUATED'
  /** Every check passed. */
  | 'PASS'
  /** Only checks failed that warn. */
  | 'WARN';

export type FollowInspectionSubscriptionVariables = Exact<{
  id: Scalars['ID']['input'];
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type FollowInspectionSubscription = { __typename?: 'Subscription', inspectionEvents:
    | { __typename: 'AlertRaised', cursor: string, seq: number, at: string, alert: { __typename?: 'Alert', code: FindingCode, severity: Severity, column: string | null, message: string } }
    | { __typename: 'AttemptChanged', cursor: string, seq: number, at: string, attempt: { __typename?: 'Attempt', kind: TaskKind, number: number, state: TaskState, bytesDone: number } }
    | { __typename: 'CheckpointSaved', cursor: string, seq: number, at: string, bytesDurable: number }
    | { __typename: 'Gap', cursor: string, fromSeq: number, toSeq: number, gapReason: GapReason }
    | { __typename: 'GoAway', cursor: string, goAwayReason: GoAwayReason }
    | { __typename: 'KeepAlive', cursor: string }
    | { __typename: 'OtherEvent', cursor: string, seq: number, at: string }
    | { __typename: 'PhaseChanged', cursor: string, seq: number, at: string, phase: Phase }
    | { __typename: 'ProfileRevised', cursor: string, seq: number, at: string, revision: number, isFinal: boolean, changedColumns: Array<string> | null }
    | { __typename: 'ProgressAdvanced', cursor: string, progress: { __typename?: 'Progress', fraction: number, bytesDone: number, bytesTotal: number, rowsDone: number, secondsLeft: number | null } }
    | { __typename: 'Snapshot', cursor: string, inspection: { __typename?: 'Inspection', id: string, state: InspectionState, phase: Phase, progress: { __typename?: 'Progress', fraction: number, bytesDone: number, bytesTotal: number, rowsDone: number } | null } }
    | { __typename: 'StateChanged', cursor: string, seq: number, at: string, from: InspectionState | null, to: InspectionState, version: number, reason: { __typename?: 'StateReason', command: InspectionCommand, message: string } | null }
   };

export type PollInspectionQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type PollInspectionQuery = { __typename?: 'Query', inspection: { __typename?: 'Inspection', id: string, state: InspectionState, phase: Phase, hasEnded: boolean, cursor: string, progress: { __typename?: 'Progress', fraction: number, bytesDone: number, bytesTotal: number, rowsDone: number } | null, events: { __typename?: 'InspectionEventConnection', nodes: Array<
        | { __typename: 'AlertRaised', cursor: string, seq: number, at: string, alert: { __typename?: 'Alert', code: FindingCode, severity: Severity, column: string | null, message: string } }
        | { __typename: 'AttemptChanged', cursor: string, seq: number, at: string, attempt: { __typename?: 'Attempt', kind: TaskKind, number: number, state: TaskState, bytesDone: number } }
        | { __typename: 'CheckpointSaved', bytesDurable: number, cursor: string, seq: number, at: string }
        | { __typename: 'OtherEvent', cursor: string, seq: number, at: string }
        | { __typename: 'PhaseChanged', phase: Phase, cursor: string, seq: number, at: string }
        | { __typename: 'ProfileRevised', revision: number, isFinal: boolean, changedColumns: Array<string> | null, cursor: string, seq: number, at: string }
        | { __typename: 'StateChanged', from: InspectionState | null, to: InspectionState, version: number, cursor: string, seq: number, at: string, reason: { __typename?: 'StateReason', command: InspectionCommand, message: string } | null }
      >, pageInfo: { __typename?: 'PageInfo', hasNextPage: boolean } } } | null };

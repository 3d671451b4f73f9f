      loop $for-loop|2
       local.get $3
       local.get $11
       i32.lt_u
       if
        local.get $3
        v128.load
        local.tee $34
        local.get $1
        v128.load offset=2
        local.tee $31
        i32.const 1060
        v128.load32_splat
        local.tee $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        local.get $3
        v128.load offset=16
        local.tee $30
        local.get $31
        i32.const 4
        i16x8.shr_u
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        i16x8.add
        local.tee $31
        local.get $34
        local.get $20
        v128.load offset=2
        local.tee $32
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        local.get $30
        local.get $32
        i32.const 4
        i16x8.shr_u
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        i16x8.add
        local.tee $32
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $31
        local.get $32
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i16x8.add
        local.tee $31
        local.get $34
        local.get $21
        v128.load offset=2
        local.tee $32
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        local.get $30
        local.get $32
        i32.const 4
        i16x8.shr_u
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        i16x8.add
        local.tee $32
        local.get $34
        local.get $22
        v128.load offset=2
        local.tee $33
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        local.get $30
        local.get $33
        i32.const 4
        i16x8.shr_u
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        i16x8.add
        local.tee $33
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $32
        local.get $33
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i16x8.add
        local.tee $32
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        local.get $31
        local.get $32
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i16x8.add
        i32.const 1100
        v128.load32_splat
        local.tee $36
        i32x4.dot_i16x8_s
        local.get $26
        i32.load
        i32.const 3
        i32.shl
        i32x4.splat
        local.tee $37
        i32x4.sub
        f32x4.convert_i32x4_s
        local.get $0
        v128.load32_splat
        local.tee $31
        f32x4.mul
        local.get $22
        local.get $21
        local.get $20
        local.get $1
        v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
        v128.load16_lane 1
        v128.load16_lane 3
        v128.load16_lane 5
        v128.load16_lane 7
        i32.const 3
        i32x4.shr_s
        i32.const 1104
        v128.load32_splat
        local.tee $32
        v128.and
        i32.const 1108
        v128.load32_splat
        local.tee $33
        f32x4.mul
        local.get $12
        f32x4.relaxed_madd
        local.set $12
        local.get $1
        i32.const 18
        i32.add
        local.set $1
        local.get $20
        i32.const 18
        i32.add
        local.set $20
        local.get $21
        i32.const 18
        i32.add
        local.set $21
        local.get $22
        i32.const 18
        i32.add
        local.set $22
        local.get $34
        local.get $2
        v128.load offset=2
        local.tee $38
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        local.get $30
        local.get $38
        i32.const 4
        i16x8.shr_u
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        i16x8.add
        local.tee $38
        local.get $34
        local.get $23
        v128.load offset=2
        local.tee $39
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        local.get $30
        local.get $39
        i32.const 4
        i16x8.shr_u
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        i16x8.add
        local.tee $39
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $38
        local.get $39
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i16x8.add
        local.tee $38
        local.get $34
        local.get $24
        v128.load offset=2
        local.tee $39
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        local.get $30
        local.get $39
        i32.const 4
        i16x8.shr_u
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        i16x8.add
        local.tee $39
        local.get $34
        local.get $25
        v128.load offset=2
        local.tee $34
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        local.get $30
        local.get $34
        i32.const 4
        i16x8.shr_u
        local.get $35
        v128.and
        i16x8.relaxed_dot_i8x16_i7x16_s
        i16x8.add
        local.tee $30
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $39
        local.get $30
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i16x8.add
        local.tee $30
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        local.get $38
        local.get $30
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i16x8.add
        local.get $36
        i32x4.dot_i16x8_s
        local.get $37
        i32x4.sub
        f32x4.convert_i32x4_s
        local.get $31
        f32x4.mul
        local.get $25
        local.get $24
        local.get $23
        local.get $2
        v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
        v128.load16_lane 1
        v128.load16_lane 3
        v128.load16_lane 5
        v128.load16_lane 7
        i32.const 3
        i32x4.shr_s
        local.get $32
        v128.and
        local.get $33
        f32x4.mul
        local.get $18
        f32x4.relaxed_madd
        local.set $18
        local.get $2
        i32.const 18
        i32.add
        local.set $2
        local.get $23
        i32.const 18
        i32.add
        local.set $23
        local.get $24
        i32.const 18
        i32.add
        local.set $24
        local.get $25
        i32.const 18
        i32.add
        local.set $25
        local.get $0
        i32.const 4
        i32.add
        local.set $0
        local.get $29
        i32.const 8
        i32.add
        local.set $29
        local.get $26
        i32.const 4
        i32.add
        local.set $26
        local.get $3
        i32.const 32
        i32.add
        local.set $3
        br $for-loop|2
       end
      end
